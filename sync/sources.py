"""Add, change, remove and find content sources.

What is given is checked before anything is stored: the address, the branch, the credential.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sync import queue
from sync.git import copies, credentials
from sync.git.address import transport
from sync.git.credentials import Credential, DeployKey, Token
from walkthroughs.crypto import encrypt, hash_token
from walkthroughs.database.pool import Database
from walkthroughs.enums import OnRewrite
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.identity.organizations import organization_id
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, Organization, Walkthrough
from walkthroughs.publishing import writer
from walkthroughs.settings import Settings


def add_source(
    database: Database,
    settings: Settings,
    organization: str,
    columns: Mapping[str, Any],
    secret_files: Mapping[str, str],
    *,
    hold: bool,
) -> None:
    """Add a content source. It is read when it is due; while it is held, nothing is applied.

    Args:
        database: where.
        settings: which addresses are allowed.
        organization: its slug.
        columns: `name` and `url`, and other columns of the source.
        secret_files: texts by `token_file`, `key_file` and `known_hosts_file`.
        hold: apply nothing until it is resumed.

    Raises:
        HandrailError: what was given does not fit together, or is taken.
    """
    defaults = {"branch": "main", "path": "", "on_rewrite": OnRewrite.WARN}
    row = ContentSource(**defaults | dict(columns))
    changed = _checked(settings, row, columns, secret_files)
    with database.transaction() as session:
        row = ContentSource(organization_id=organization_id(session, organization), **changed)
        row.held_at = now_ms() if hold else None
        _refuse_taken_name(session, row)
        session.add(row)


def change_source(
    database: Database,
    settings: Settings,
    source: ContentSource,
    columns: Mapping[str, Any],
    secret_files: Mapping[str, str],
) -> None:
    """Change a content source and ask for a run. Waits for a run under way.

    Its walkthroughs stay its own, and learners keep their places. The arguments are those of
    `add_source`.

    Raises:
        HandrailError: what was given does not fit together, or is taken.
    """
    changed = _checked(settings, source, columns, secret_files)
    with queue.claim(database, source.id, wait=True), database.transaction() as session:
        row = session.get_one(ContentSource, source.id, with_for_update=True)
        before = row.branch, row.path
        for name, value in changed.items():
            setattr(row, name, value)
        _refuse_taken_name(session, row)
        if (row.branch, row.path) != before:
            row.synced_commit = None  # the same commit may hold something else there
        row.newest_commit = row.awaiting_approval = row.approval = row.error = None
        queue.request_sync(session, row.organization_id, row.id)


def new_webhook_secret(database: Database, settings: Settings, source: ContentSource) -> str:
    """Make a new secret for push notifications; the one before ends."""
    secret = secrets.token_urlsafe(32)
    with database.transaction() as session:
        stored = session.get_one(ContentSource, source.id, with_for_update=True)
        stored.webhook_secret = encrypt(settings.secret_key, secret)
    return secret


def new_check_token(database: Database, source: ContentSource) -> str:
    """Make a new token for merge checks; the one before ends. Only its hash is stored."""
    token = secrets.token_urlsafe(32)
    with database.transaction() as session:
        stored = session.get_one(ContentSource, source.id, with_for_update=True)
        stored.check_token_hash = hash_token(token)
    return token


def remove_source(database: Database, settings: Settings, source: ContentSource) -> int:
    """Remove a source and our copy; return how many walkthroughs the dashboard owns now.

    They stay, published as they are.
    """
    with database.transaction() as session:
        owned = session.scalars(
            select(Walkthrough.id).where(
                Walkthrough.organization_id == source.organization_id,
                Walkthrough.source_id == source.id,
            )
        ).all()
        for walkthrough_id in owned:
            writer.detach(session, source.organization_id, walkthrough_id, source.id)
        session.flush()
        session.delete(session.get_one(ContentSource, source.id))
    copies.delete_copy(settings.data_dir, source.id)
    return len(owned)


def find_source(database: Database, name: str) -> ContentSource:
    """Return the source with this name, this id, or this organization and name: `acme/guides`.

    Raises:
        HandrailError: there is none, or several organizations have one.
    """
    full_name = Organization.slug + "/" + ContentSource.name
    query = (
        select(ContentSource)
        .join(Organization, Organization.id == ContentSource.organization_id)
        .where(or_(ContentSource.name == name, ContentSource.id == name, full_name == name))
    )
    with database.transaction() as session:
        rows = session.scalars(query).all()
    if not rows:
        raise NotFound(f'There is no content source "{name}". See: flask sync source list')
    if len(rows) > 1:
        raise HandrailError(
            f'Several organizations have a source "{name}". '
            f"Name the organization, too, as in acme/{name}, or give its id: flask sync source list"
        )
    return rows[0]


def find_sources(database: Database, name: str | None) -> list[ContentSource]:
    """Return the source with this name, or all of them by name.

    Raises:
        HandrailError: as `find_source` does.
    """
    if name:
        return [find_source(database, name)]
    with database.transaction() as session:
        return list(session.scalars(select(ContentSource).order_by(ContentSource.name)))


def set_hold(database: Database, name: str, held_at: int | None) -> None:
    """Hold the source with this name since *held_at*; none lets it go on.

    Raises:
        HandrailError: as `find_source` does.
    """
    row = find_source(database, name)
    with database.transaction() as session:
        session.get_one(ContentSource, row.id, with_for_update=True).held_at = held_at


def _checked(
    settings: Settings,
    row: ContentSource,
    columns: Mapping[str, Any],
    secret_files: Mapping[str, str],
) -> dict[str, Any]:
    """Return *columns* with the credential, if they fit together with what *row* has else.

    It may wait for a name to be looked up, so nothing is locked meanwhile.
    """
    if not str(columns.get("path", "")).isprintable():
        raise HandrailError("The name of a folder has no characters that cannot be seen.")
    url, branch = columns.get("url", row.url), columns.get("branch", row.branch)
    transport(url, branch, settings)
    stored = credentials.decrypt_credential(settings.secret_keys, row.credential)
    credential = _credential(stored, secret_files)
    credentials.check_fits_url(url, credential)
    if not secret_files or credential is None:
        return dict(columns)
    encrypted = credentials.encrypt_credential(settings.secret_key, credential)
    return {**columns, "credential": encrypted}


def _credential(stored: Credential | None, secret_files: Mapping[str, str]) -> Credential | None:
    if not secret_files:
        return stored
    if "token_file" in secret_files:
        return Token(secret_files["token_file"])
    hosts = secret_files.get("known_hosts_file", "")
    if "key_file" in secret_files:
        return DeployKey(secret_files["key_file"], hosts)
    if not isinstance(stored, DeployKey):
        raise HandrailError("The host's keys go with a deploy key. Give --key-file, too.")
    return DeployKey(stored.key, hosts)


def _refuse_taken_name(session: Session, row: ContentSource) -> None:
    taken = select(ContentSource.id).where(
        ContentSource.organization_id == row.organization_id,
        ContentSource.name == row.name,
        ContentSource.id != (row.id or ""),
    )
    with session.no_autoflush:
        if session.scalar(taken):
            raise HandrailError(f'A source "{row.name}" exists; give another --name.')
