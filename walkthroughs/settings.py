"""Settings: read once from the environment, then passed as a value."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from walkthroughs.errors import SettingInvalid
from walkthroughs.setting_values import (
    CONSOLE,
    MIN_KEY_LETTERS,
    read_base_url,
    read_boolean,
    read_choice,
    read_connections,
    read_database_url,
    read_endpoint,
    read_existing_file,
    read_mail_from,
    read_months,
    read_networks,
    read_origins,
    read_seconds,
    read_secret_key,
    read_smtp_url,
)
from walkthroughs.whole_files import write_whole

_KEPT = "demo.env"
#: PostgreSQL takes 100 by itself, of which it keeps three; commands and psql need some.
_CONNECTIONS = 90


@dataclass(frozen=True)
class Settings:
    """How this installation runs.

    Attributes:
        data_dir: what must survive restarts: the embedded database, bare repositories, the secret.
        database_url: a PostgreSQL server; none means the embedded one under `data_dir`.
        direct_database_url: the same database without the pooler that `database_url` leads
            through (PgBouncer in transaction mode); none if there is no pooler.
        given_secret_key: the one of the environment; see `secret_key`.
        trust_domains: whether a server's own domain is served without a proof.
        previous_secret_key: the one before, which is accepted while a change is under way.
        base_url: the public origin, such as `https://walkthroughs.example.com`.
        allow_local_repositories: whether a content source may be a folder of this machine.
        allow_private_hosts: whether a content source may be in this machine's own network.
        poll_seconds: how often content sources are looked at while the server runs.
        git_ca_file: certificates to believe in place of the system's, for a Git host of one's own.
        git_seconds: how long one command of git may take.
        allowed_origins: origins of browser pages that may call MCP servers from another host.
        smtp_url: the server that sends e-mail, or `console:`; none if there is none.
        mail_from: the sender of e-mail.
        given_client_documents: whether apps may describe themselves by a document at an address;
            see `client_documents`.
        event_months: how many whole months the events of learners are kept.
        metrics_token: what a program sends to read `/metrics`; none: it must run on this machine.
        log_format: how lines of the log are written, `text` or `json`.
        otlp_endpoint: where traces are sent; none: nothing is traced.
        database_connections: how many connections to the database all workers of `flask serve`
            may open together.
        trusted_proxies: addresses or networks of proxies whose `X-Forwarded-*` is believed.
    """

    data_dir: Path
    database_url: str | None
    given_secret_key: str | None
    base_url: str
    allow_local_repositories: bool = False
    poll_seconds: float = 60.0
    git_ca_file: Path | None = None
    allow_private_hosts: bool = False
    git_seconds: float = 120.0
    allowed_origins: frozenset[str] = frozenset()
    trusted_proxies: tuple[str, ...] = ()
    previous_secret_key: str | None = None
    trust_domains: bool = False
    direct_database_url: str | None = None
    smtp_url: str | None = None
    mail_from: str | None = None
    given_client_documents: bool | None = None
    event_months: int = 13
    metrics_token: str | None = None
    log_format: str = "text"
    otlp_endpoint: str | None = None
    database_connections: int = _CONNECTIONS

    @cached_property
    def secret_key(self) -> str:
        """Return what signs sessions and derives other keys. Never logged.

        If none was given, it is a file in the data folder, which is made and read when it is first
        asked for, readable by its owner only.

        Raises:
            SettingInvalid: that file is empty or cut short.
        """
        return self.given_secret_key or _stored_secret_key(self.data_dir)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return the keys that are accepted; what is stored anew uses the first."""
        return tuple(filter(None, (self.secret_key, self.previous_secret_key)))

    @property
    def client_documents(self) -> bool:
        """Return whether apps may describe themselves by a document; by default under https."""
        if self.given_client_documents is None:
            return self.base_url.startswith("https:")
        return self.given_client_documents

    @property
    def base_host(self) -> str:
        """Return the base domain in lower case, without a port."""
        return urlsplit(self.base_url).hostname or "localhost"

    def __repr__(self) -> str:
        """Return the settings without what must not reach a log."""
        return f"Settings(base_url={self.base_url!r}, data_dir={str(self.data_dir)!r})"


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings that *environ* asks for, with defaults for the rest.

    What `flask serve --demo` has kept in the data folder counts where *environ* says nothing.

    Raises:
        SettingInvalid: a value cannot be used; the message names it.
    """
    data_dir = Path(environ.get("HANDRAIL_DATA_DIR") or "var").resolve()
    environ = {**_kept(data_dir), **environ}
    return Settings(
        data_dir=data_dir,
        database_url=read_database_url(environ, "DATABASE_URL"),
        direct_database_url=read_database_url(environ, "HANDRAIL_DIRECT_DATABASE_URL"),
        given_secret_key=read_secret_key(environ, "HANDRAIL_SECRET_KEY"),
        base_url=read_base_url(environ.get("HANDRAIL_BASE_URL") or "http://localhost:8000"),
        allow_local_repositories=read_boolean(environ, "HANDRAIL_ALLOW_LOCAL_REPOSITORIES"),
        poll_seconds=read_seconds(environ, "HANDRAIL_POLL_SECONDS", 60.0),
        git_ca_file=read_existing_file(environ, "HANDRAIL_GIT_CA_FILE"),
        allow_private_hosts=read_boolean(environ, "HANDRAIL_ALLOW_PRIVATE_HOSTS"),
        git_seconds=read_seconds(environ, "HANDRAIL_GIT_SECONDS", 120.0),
        allowed_origins=read_origins(environ, "HANDRAIL_ALLOWED_ORIGINS"),
        trusted_proxies=read_networks(environ, "HANDRAIL_TRUSTED_PROXIES"),
        trust_domains=read_boolean(environ, "HANDRAIL_TRUST_DOMAINS"),
        previous_secret_key=environ.get("HANDRAIL_SECRET_KEY_PREVIOUS") or None,
        smtp_url=read_smtp_url(environ, "HANDRAIL_SMTP_URL"),
        mail_from=read_mail_from(environ, "HANDRAIL_MAIL_FROM"),
        metrics_token=environ.get("HANDRAIL_METRICS_TOKEN") or None,
        log_format=read_choice(environ, "HANDRAIL_LOG_FORMAT", ("text", "json")),
        otlp_endpoint=read_endpoint(environ, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        database_connections=read_connections(
            environ, "HANDRAIL_DATABASE_CONNECTIONS", _CONNECTIONS
        ),
        event_months=read_months(environ, "HANDRAIL_EVENT_MONTHS", 13),
        given_client_documents=read_boolean(environ, "HANDRAIL_CLIENT_DOCUMENTS")
        if environ.get("HANDRAIL_CLIENT_DOCUMENTS")
        else None,
    )


def printing_mail(settings: Settings) -> Settings:
    """Return *settings* with e-mail printed, if there is no mail server."""
    return replace(settings, smtp_url=settings.smtp_url or CONSOLE)


def keep(settings: Settings) -> None:
    """Keep what the demo was started with, so that commands without it do the same."""
    kept = {
        "HANDRAIL_BASE_URL": settings.base_url,
        "HANDRAIL_ALLOW_LOCAL_REPOSITORIES": str(int(settings.allow_local_repositories)),
        "HANDRAIL_SMTP_URL": settings.smtp_url or CONSOLE,
    }
    lines = "".join(f"{name}={value}\n" for name, value in kept.items())
    write_whole(settings.data_dir / _KEPT, lines.encode())


def _kept(data_dir: Path) -> dict[str, str]:
    path = data_dir / _KEPT
    lines = path.read_text().splitlines() if path.is_file() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _stored_secret_key(data_dir: Path) -> str:
    path = data_dir / "secret-key"
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write_whole(path, secrets.token_urlsafe(32).encode(), replaces=False)
    key = path.read_text()
    if len(key.strip()) < MIN_KEY_LETTERS:
        message = (
            f"The secret key in {path} is empty or cut short. Restore the file from a backup. "
            "If there is none, remove it to get a new key: then all members sign in again, and "
            "the credentials of content sources must be set again."
        )
        raise SettingInvalid(message)
    return key
