"""What `flask doctor` looks at: one line for each thing, with what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from urllib.error import URLError

from sqlalchemy import select, text

from sync.rotate_key import unreadable_secrets
from sync.status import BAD_HEALTH, Health, sync_and_health
from walkthroughs.database import migrations
from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable, unavailable_errors
from walkthroughs.errors import HandrailError
from walkthroughs.hosts import is_same_host
from walkthroughs.identity.mail import find_trouble, sender_address
from walkthroughs.ids import now_ms
from walkthroughs.models import Base, ContentSource, Organization
from walkthroughs.setting_values import CONSOLE
from walkthroughs.settings import Settings

_SECONDS = 5
_MOST_MS_APART = 5_000
_LEAST_BYTES_FREE = 1024**3


class State(StrEnum):
    """Whether a thing is as it must be."""

    OK = "ok"
    LOOK = "look"  # it works, and something should be looked at
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do."""

    about: str
    state: State
    said: str


def examine(database: Database, settings: Settings) -> Iterator[Finding]:
    """Look at everything that Handrail depends on; yield each finding when it is known."""
    yield from (_base_url(settings), _data_folder(settings), _git())
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("database", lambda: _schema(database)),
        ("clock", lambda: _clock(database)),
        ("secret key", lambda: _secret_key(database, settings)),
        ("sources", lambda: _sources(database)),
    )
    for about, check in checks:
        try:
            yield from check()
        except DatabaseUnavailable as error:
            cause = error.__cause__
            reason = str(getattr(cause, "orig", None) or cause or error).strip().splitlines()[0]
            said = f"it does not answer: {reason}. Start it, or correct DATABASE_URL."
            yield Finding(about, State.BAD, said)
            break
        except HandrailError as error:
            yield Finding(about, State.BAD, str(error))
            if about == "database":
                break
    if settings.smtp_url not in {None, CONSOLE}:
        yield _mail(settings)
    yield _outside(settings)


def _base_url(settings: Settings) -> Finding:
    shown = settings.base_url
    if shown.startswith("https:"):
        if settings.trusted_proxies:
            proxies = ", ".join(settings.trusted_proxies)
            return Finding("base URL", State.OK, f"{shown}. Believed as its proxy: {proxies}.")
        said = (
            f"{shown}, and no proxy is trusted. If one ends TLS, set HANDRAIL_TRUSTED_PROXIES to "
            "its address, else all callers seem to be one."
        )
        return Finding("base URL", State.LOOK, said)
    if is_same_host(settings.base_host, "localhost"):
        return Finding("base URL", State.OK, f"{shown}, for this machine only.")
    said = f"{shown} is not encrypted: links and passwords can be read on the way. Use https."
    return Finding("base URL", State.BAD, said)


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    if not os.access(folder, os.W_OK):
        said = "cannot be written" if folder.exists() else "does not exist"
        advice = "Let the user who runs Handrail own it."
        return Finding("data folder", State.BAD, f"{folder} {said}. {advice}")
    free = shutil.disk_usage(folder).free
    said = f"{folder}, {free / 1024**3:.1f} GiB free."
    if free < _LEAST_BYTES_FREE:
        return Finding("data folder", State.BAD, f"{said} Make room: at least 1 GiB.")
    return Finding("data folder", State.OK, said)


def _git() -> Finding:
    try:
        done = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return Finding("git", State.BAD, "It does not run. Install it: sources need it.")
    return Finding("git", State.OK, f"{done.stdout.strip()}.")


def _schema(database: Database) -> Iterator[Finding]:
    with database.begin() as connection:
        version = connection.execute(text("SHOW server_version")).scalar_one()
    gone = migrations.missing(database, Base.metadata)
    migrations.check_known(migrations.current_revision(database))
    if gone:
        raise HandrailError(
            f"PostgreSQL {version}; missing: {', '.join(gone)}. Run: flask db upgrade"
        )
    migrations.check_newest(database)
    said = f"PostgreSQL {version}, schema {migrations.newest_revision()}."
    yield Finding("database", State.OK, said)
    if database.is_pooled:
        with unavailable_errors(), closing(database.open_direct()):
            said = "HANDRAIL_DIRECT_DATABASE_URL answers."
        yield Finding("database", State.OK, said)


def _clock(database: Database) -> Iterator[Finding]:
    with database.begin() as connection:
        asked = now_ms()
        query = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        there: int = connection.execute(text(query)).scalar_one()
    apart = abs(there - asked)
    said = f"{apart / 1000:.1f} s from the database's."
    if apart > _MOST_MS_APART:
        yield Finding("clock", State.BAD, f"{said} Let both keep time with NTP.")
    else:
        yield Finding("clock", State.OK, said)


def _secret_key(database: Database, settings: Settings) -> Iterator[Finding]:
    _ = settings.secret_keys  # also where nothing is stored yet
    unreadable = unreadable_secrets(database, settings)
    if unreadable:
        said = (
            f"It does not open what is stored for: {', '.join(unreadable)}. Set the old key as "
            "HANDRAIL_SECRET_KEY_PREVIOUS, or enter the secrets again."
        )
        yield Finding("secret key", State.BAD, said)
    elif settings.previous_secret_key:
        said = "The previous one is still accepted. Run flask rotate-key, and unset it in a day."
        yield Finding("secret key", State.LOOK, said)
    else:
        yield Finding("secret key", State.OK, "It opens everything that is stored.")


def _sources(database: Database) -> Iterator[Finding]:
    query = (
        select(Organization.slug, ContentSource)
        .join(ContentSource, ContentSource.organization_id == Organization.id)
        .order_by(Organization.slug, ContentSource.name)
    )
    with database.transaction() as session:
        rows = list(session.execute(query))
    for organization, source in rows:
        sync, health = sync_and_health(source)
        name = f"{organization}/{source.name}"
        if health is Health.HEALTHY:
            yield Finding("source", State.OK, f"{name}: {sync}.")
            continue
        state = State.BAD if health in BAD_HEALTH else State.LOOK
        said = f"{name}: {health}. See: flask sync status {name}"
        yield Finding("source", state, said)


def _mail(settings: Settings) -> Finding:
    trouble = find_trouble(settings)
    if trouble is None:
        return Finding(
            "mail", State.OK, f"The server answers; mail is from {sender_address(settings)}."
        )
    said = f"The server of HANDRAIL_SMTP_URL cannot be used: {trouble}."
    return Finding("mail", State.BAD, said)


def _outside(settings: Settings) -> Finding:
    address = f"{settings.base_url}/healthz"
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS) as answer:  # noqa: S310  an origin
            said = answer.read(100)
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Finding("reachable", State.BAD, f"{address} does not answer: {reason}.")
    if said != b"ok\n":
        return Finding("reachable", State.BAD, f"{address} is answered by something else.")
    return Finding("reachable", State.OK, f"{address} answers.")
