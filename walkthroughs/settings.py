"""Settings: read once from the environment, then passed as a value."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from walkthroughs.addresses import EMAIL_PATTERN
from walkthroughs.errors import SettingInvalid

#: Scheme, host and port; the host is in ASCII, as browsers send it.
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/?")
_PORTS = {"https": "443", "http": "80"}
#: What we make is longer; a file with less is no key.
_MIN_KEY_LETTERS = 16
_KEPT = "demo.env"
#: In place of a mail server's URL: e-mail is printed where the server runs.
CONSOLE = "console:"
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


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
        database_url=_database_url(environ, "DATABASE_URL"),
        direct_database_url=_database_url(environ, "HANDRAIL_DIRECT_DATABASE_URL"),
        given_secret_key=environ.get("HANDRAIL_SECRET_KEY") or None,
        base_url=_base_url(environ.get("HANDRAIL_BASE_URL") or "http://localhost:8000"),
        allow_local_repositories=_boolean(environ, "HANDRAIL_ALLOW_LOCAL_REPOSITORIES"),
        poll_seconds=_seconds(environ, "HANDRAIL_POLL_SECONDS", 60.0),
        git_ca_file=_existing_file(environ, "HANDRAIL_GIT_CA_FILE"),
        allow_private_hosts=_boolean(environ, "HANDRAIL_ALLOW_PRIVATE_HOSTS"),
        git_seconds=_seconds(environ, "HANDRAIL_GIT_SECONDS", 120.0),
        allowed_origins=_origins(environ, "HANDRAIL_ALLOWED_ORIGINS"),
        trusted_proxies=_networks(environ, "HANDRAIL_TRUSTED_PROXIES"),
        trust_domains=_boolean(environ, "HANDRAIL_TRUST_DOMAINS"),
        previous_secret_key=environ.get("HANDRAIL_SECRET_KEY_PREVIOUS") or None,
        smtp_url=_smtp_url(environ, "HANDRAIL_SMTP_URL"),
        mail_from=_mail_from(environ, "HANDRAIL_MAIL_FROM"),
        given_client_documents=_boolean(environ, "HANDRAIL_CLIENT_DOCUMENTS")
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
    (settings.data_dir / _KEPT).write_text(lines)


def _kept(data_dir: Path) -> dict[str, str]:
    path = data_dir / _KEPT
    lines = path.read_text().splitlines() if path.is_file() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _database_url(environ: Mapping[str, str], name: str) -> str | None:
    url = environ.get(name, "")
    if url and not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg2://")):
        message = (
            f"{name} must start with postgresql:// since Handrail stores everything in "
            "PostgreSQL. Correct it, or unset it to use the embedded server."
        )
        raise SettingInvalid(message)
    return url or None


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        message = (
            f'HANDRAIL_BASE_URL is "{url}", which is not an origin. '
            "Give scheme and host only, such as https://walkthroughs.example.com."
        )
        raise SettingInvalid(message)
    return f"{parts.scheme}://{parts.netloc}"


def _smtp_url(environ: Mapping[str, str], name: str) -> str | None:
    url = environ.get(name, "")
    parts = urlsplit(url)
    if url and url != CONSOLE and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname):
        message = (
            f"{name} names no mail server. Give smtp://user:password@host:587, or smtps:// for a "
            "port that begins with TLS."
        )
        raise SettingInvalid(message)
    return url or None


def _mail_from(environ: Mapping[str, str], name: str) -> str | None:
    value = environ.get(name, "").strip()
    if value and not EMAIL_PATTERN.fullmatch(value):
        message = f'{name} is "{value}". Give an e-mail address, such as learn@example.com.'
        raise SettingInvalid(message)
    return value or None


def _origins(environ: Mapping[str, str], name: str) -> frozenset[str]:
    given = [each.strip() for each in environ.get(name, "").split(",")]
    return frozenset(_origin(name, each) for each in given if each)


def _origin(name: str, value: str) -> str:
    """Return *value* as a browser writes it, which leaves out the usual port."""
    match = _ORIGIN.fullmatch(value.lower())
    if match is None:
        message = (
            f'{name} holds "{value}", which is not an origin. Give scheme and host, and a port if '
            "there is one, separated by commas, such as https://app.example.com,app://obsidian.md."
        )
        raise SettingInvalid(message)
    scheme, host, port = match.groups()
    return f"{scheme}://{host}" if port in {None, _PORTS.get(scheme)} else match[0].rstrip("/")


def _networks(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    given = [each.strip() for each in environ.get(name, "").split(",")]
    for each in filter(None, given):
        try:
            ip_network(each)
        except ValueError as error:
            message = (
                f'{name} holds "{each}", which is no address. Give addresses or networks of your '
                "proxies, separated by commas, such as 127.0.0.1,10.0.0.0/8."
            )
            raise SettingInvalid(message) from error
    return tuple(filter(None, given))


def _boolean(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").lower()
    if value not in _TRUE | _FALSE:
        message = f'{name} is "{value}". Set it to 1 or 0.'
        raise SettingInvalid(message)
    return value in _TRUE


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    value = environ.get(name) or str(default)
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 86_400:
        message = f'{name} is "{value}". Give seconds between 0.1 and 86400.'
        raise SettingInvalid(message)
    return seconds


def _existing_file(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name)
    if value and not Path(value).is_file():
        message = f'{name} is "{value}", which is no file. Correct it, or unset it.'
        raise SettingInvalid(message)
    return Path(value).resolve() if value else None


def _stored_secret_key(data_dir: Path) -> str:
    path = data_dir / "secret-key"
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _make_secret_key(path)
    key = path.read_text()
    if len(key.strip()) < _MIN_KEY_LETTERS:
        message = (
            f"The secret key in {path} is empty or cut short. Restore the file from a backup. "
            "If there is none, remove it to get a new key: then all members sign in again, and "
            "the credentials of content sources must be set again."
        )
        raise SettingInvalid(message)
    return key


def _make_secret_key(path: Path) -> None:
    """Make the file with all of its content, or leave the one that another process has made."""
    number, temporary = tempfile.mkstemp(dir=path.parent, prefix=".secret-key-")
    try:
        with open(number, "w") as file:  # noqa: PTH123  a file that is open already
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(number)
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)  # noqa: PTH108  its other name
