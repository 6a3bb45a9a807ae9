"""Values of settings, each read and checked. What cannot be used is named with what to do.

Each function raises `SettingInvalid` for that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from walkthroughs.addresses import EMAIL_PATTERN
from walkthroughs.errors import SettingInvalid

#: Scheme, host and port; the host is in ASCII, as browsers send it.
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/?")
_PORTS = {"https": "443", "http": "80"}
_WEB = frozenset({"http", "https"})
#: In place of a mail server's URL: e-mail is printed where the server runs.
CONSOLE = "console:"
#: What we make is longer; what has less can be guessed, or is cut short.
MIN_KEY_LETTERS = 16
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address; none if it has brackets or a port that mean nothing."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def read_database_url(environ: Mapping[str, str], name: str) -> str | None:
    """Return the address of a database; none if there is none."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    url = environ.get(name, "")
    if url and not url.startswith(("postgresql://", "postgres://", "postgresql+psycopg2://")):
        message = (
            f"{name} must start with postgresql:// since Handrail stores everything in "
            "PostgreSQL. Correct it, or unset it to use the embedded server."
        )
        raise SettingInvalid(message)
    try:
        _ = make_url(url) if url else None
    except (ArgumentError, ValueError) as error:  # the latter for its port
        message = (
            f"{name} is no address of a database. Give postgresql://user:password@host:5432/name; "
            "in a password, write @ as %40."
        )
        raise SettingInvalid(message) from error
    return url or None


def read_secret_key(environ: Mapping[str, str], name: str) -> str | None:
    """Return the secret key; none if none is given. It is in no message."""
    key = environ.get(name, "")
    if key and len(key.strip()) < MIN_KEY_LETTERS:
        message = (
            f"{name} has {len(key.strip())} characters, which can be guessed. Make one with: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))". To keep what is '
            f"encrypted with the key of now, give that one as {name}_PREVIOUS, and run: "
            "flask rotate-key"
        )
        raise SettingInvalid(message)
    return key or None


def read_base_url(url: str) -> str:
    """Return the public origin."""
    parts = _split(url)
    if parts is None or parts.scheme not in _WEB or not parts.hostname or parts.path.strip("/"):
        message = (
            f'HANDRAIL_BASE_URL is "{url}", which is not an origin. '
            "Give scheme and host only, such as https://walkthroughs.example.com."
        )
        raise SettingInvalid(message)
    return f"{parts.scheme}://{parts.netloc}"


def read_smtp_url(environ: Mapping[str, str], name: str) -> str | None:
    """Return what sends e-mail; none if there is none."""
    url = environ.get(name, "")
    parts = _split(url)
    is_server = parts and parts.scheme in {"smtp", "smtps"} and parts.hostname
    if url and url != CONSOLE and not is_server:
        message = (
            f"{name} names no mail server. Give smtp://user:password@host:587, or smtps:// for a "
            "port that begins with TLS."
        )
        raise SettingInvalid(message)
    return url or None


def read_mail_from(environ: Mapping[str, str], name: str) -> str | None:
    """Return the sender of e-mail; none if it is not given."""
    value = environ.get(name, "").strip()
    if value and not EMAIL_PATTERN.fullmatch(value):
        message = f'{name} is "{value}". Give an e-mail address, such as learn@example.com.'
        raise SettingInvalid(message)
    return value or None


def read_origins(environ: Mapping[str, str], name: str) -> frozenset[str]:
    """Return the origins of pages."""
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


def read_networks(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return addresses and networks."""
    given = [each.strip() for each in environ.get(name, "").split(",")]
    for each in filter(None, given):
        try:
            ip_network(each)
        except ValueError as error:
            message = (
                f"{name}: {error}. Give addresses or networks of your "
                "proxies, separated by commas, such as 127.0.0.1,10.0.0.0/8."
            )
            raise SettingInvalid(message) from error
    return tuple(filter(None, given))


def read_boolean(environ: Mapping[str, str], name: str) -> bool:
    """Return whether it is switched on."""
    value = environ.get(name, "").lower()
    if value not in _TRUE | _FALSE:
        message = f'{name} is "{value}". Set it to 1 or 0.'
        raise SettingInvalid(message)
    return value in _TRUE


def read_seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    """Return a number of seconds."""
    value = environ.get(name) or str(default)
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 86_400:
        message = f'{name} is "{value}". Give seconds between 0.1 and 86400.'
        raise SettingInvalid(message)
    return seconds


def read_months(environ: Mapping[str, str], name: str, default: int) -> int:
    """Return a number of months."""
    return _whole_number(environ, name, default, 1200, "whole months")


def read_connections(environ: Mapping[str, str], name: str, default: int) -> int:
    """Return how many connections may be open."""
    return _whole_number(environ, name, default, 10_000, "a whole number")


def _whole_number(
    environ: Mapping[str, str], name: str, default: int, most: int, wanted: str
) -> int:
    value = environ.get(name) or str(default)
    number = int(value) if re.fullmatch(f"[0-9]{{1,{len(str(most))}}}", value) else 0
    if not 1 <= number <= most:
        message = f'{name} is "{value}". Give {wanted} between 1 and {most}.'
        raise SettingInvalid(message)
    return number


def read_choice(environ: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """Return one of *choices*; the first one if none is given."""
    value = environ.get(name, "").lower() or choices[0]
    if value not in choices:
        message = f'{name} is "{value}". Set it to {" or ".join(choices)}.'
        raise SettingInvalid(message)
    return value


def read_endpoint(environ: Mapping[str, str], name: str) -> str | None:
    """Return the address of a program that takes what is sent to it; none if there is none."""
    url = environ.get(name, "").strip()
    parts = _split(url)
    if url and not (parts and parts.scheme in _WEB and parts.hostname):
        message = (
            f"{name} is no address. Give scheme, host and port, such as http://localhost:4318."
        )
        raise SettingInvalid(message)
    return url or None


def read_existing_file(environ: Mapping[str, str], name: str) -> Path | None:
    """Return the path of a file that is there; none if none is given."""
    value = environ.get(name)
    if value and not Path(value).is_file():
        message = f'{name} is "{value}", which is no file. Correct it, or unset it.'
        raise SettingInvalid(message)
    return Path(value).resolve() if value else None
