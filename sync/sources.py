"""Add, change and remove content sources.

What is given is checked before anything is stored: the address, the branch, the credential.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sync import history, queue
from sync.git import copies, credentials
from sync.git.access import token_user
from sync.git.address import transport
from sync.git.credentials import Credential, DeployKey, Token
from walkthroughs.audit.record import COMMAND_LINE, Actor, act_as
from walkthroughs.crypto import encrypt, hash_token
from walkthroughs.database.pool import Database
from walkthroughs.enums import OnRewrite
from walkthroughs.errors import HandrailError
from walkthroughs.identity.organizations import organization_id
from walkthroughs.models import ContentSource, Walkthrough
from walkthroughs.publishing import writer
from walkthroughs.settings import Settings

#: In characters.
_MAX_NAME = 100
#: Files that are a whole credential.
_REPLACING = frozenset({"token_file", "key_file"})


def add_source(
    database: Database,
    settings: Settings,
    organization: str,
    columns: Mapping[str, Any],
    secret_files: Mapping[str, str],
    *,
    held_by: str | None = None,
    actor: Actor = COMMAND_LINE,
) -> str:
    """Add a content source, and ask for a run; return its id. While it is held, nothing is applied.

    Args:
        database: where.
        settings: which addresses are allowed.
        organization: its slug.
        columns: `name` and `url`, and other columns of the source.
        secret_files: texts by `token_file`, `key_file` and `known_hosts_file`.
        held_by: whose hold it is, who wants nothing applied until it is resumed.
        actor: who adds it, for the audit.

    Raises:
        HandrailError: what was given does not fit together, or is taken.
    """
    defaults = {"branch": "main", "path": "", "on_rewrite": OnRewrite.WARN}
    row = ContentSource(**defaults | dict(columns))
    changed = _checked(settings, row, columns, secret_files)
    with database.transaction() as session:
        act_as(session, actor)
        row = ContentSource(organization_id=organization_id(session, organization), **changed)
        if held_by is not None:
            row.hold(held_by, "Added so, to be looked at first.")
        _refuse_taken_name(session, row)
        session.add(row)
        session.flush()
        queue.request_sync(session, row.organization_id, row.id)
        return row.id


def change_source(
    database: Database,
    settings: Settings,
    source: ContentSource,
    columns: Mapping[str, Any],
    secret_files: Mapping[str, str],
    *,
    wait: bool = True,
    actor: Actor = COMMAND_LINE,
) -> None:
    """Change a content source and ask for a run. Waits for a run under way, if it may.

    Its walkthroughs stay its own, and learners keep their places. The arguments are those of
    `add_source`.

    Raises:
        HandrailError: what was given does not fit together, or is taken, or a run is under way.
    """
    changed = _checked(settings, source, columns, secret_files)
    with _claimed(database, source, wait=wait), database.transaction() as session:
        act_as(session, actor)
        row = session.get_one(ContentSource, source.id, with_for_update=True)
        before = row.branch, row.path
        for name, value in changed.items():
            setattr(row, name, value)
        _refuse_taken_name(session, row)
        if (row.branch, row.path) != before:
            row.synced_commit = None  # the same commit may hold something else there
        row.newest_commit = row.awaiting_approval = row.approval = row.error = None
        queue.request_sync(session, row.organization_id, row.id)


def new_webhook_secret(
    database: Database, settings: Settings, source: ContentSource, actor: Actor = COMMAND_LINE
) -> str:
    """Make a new secret for push notifications; the one before ends."""
    secret = secrets.token_urlsafe(32)
    with database.transaction() as session:
        act_as(session, actor)
        stored = session.get_one(ContentSource, source.id, with_for_update=True)
        stored.webhook_secret = encrypt(settings.secret_key, secret)
        stored.webhook_called_at = None
    return secret


def new_check_token(database: Database, source: ContentSource) -> str:
    """Make a new token for merge checks; the one before ends. Only its hash is stored."""
    token = secrets.token_urlsafe(32)
    with database.transaction() as session:
        stored = session.get_one(ContentSource, source.id, with_for_update=True)
        stored.check_token_hash = hash_token(token)
    return token


def remove_source(
    database: Database,
    settings: Settings,
    source: ContentSource,
    *,
    wait: bool = True,
    actor: Actor = COMMAND_LINE,
) -> int:
    """Remove a source and our copy; return how many walkthroughs the dashboard owns now.

    They stay, published as they are. Waits for a run under way, if it may: else that could store
    another walkthrough, and fetch another copy.

    Raises:
        HandrailError: a run is under way.
    """
    with _claimed(database, source, wait=wait):
        with database.transaction() as session:
            act_as(session, actor)
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


@contextmanager
def _claimed(database: Database, source: ContentSource, *, wait: bool) -> Iterator[None]:
    """Keep runs of the source from beginning while the block runs.

    Raises:
        HandrailError: one is under way, and it is not waited for; or the source was removed.
    """
    with queue.claim(database, source.id, wait=wait) as claimed:
        if claimed is None:
            raise HandrailError("A run of this source is under way. Try again in a moment.")
        history.read(database, source.id)  # another command may have removed it meanwhile
        yield


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
    # One that is replaced may be sealed with a key that was lost.
    stored = (
        None
        if _REPLACING & secret_files.keys()
        else credentials.decrypt_credential(settings.secret_keys, row.credential)
    )
    credential = _credential(url, stored, secret_files)
    credentials.check_fits_url(url, credential)
    if not secret_files or credential is None:
        return dict(columns)
    encrypted = credentials.encrypt_credential(settings.secret_key, credential)
    return {**columns, "credential": encrypted}


def _credential(
    url: str, stored: Credential | None, secret_files: Mapping[str, str]
) -> Credential | None:
    if not secret_files:
        return stored
    if "token_file" in secret_files:
        return Token(secret_files["token_file"], token_user(url))
    hosts = secret_files.get("known_hosts_file", "")
    if "key_file" in secret_files:
        return DeployKey(secret_files["key_file"], hosts)
    if not isinstance(stored, DeployKey):
        raise HandrailError("The host's keys go with a deploy key. Give --key-file, too.")
    return DeployKey(stored.key, hosts)


def refuse_odd_name(name: str) -> None:
    """Refuse a name that cannot be read, or typed.

    Raises:
        HandrailError: with what to do instead.
    """
    if not name.strip() or not name.isprintable() or len(name) > _MAX_NAME:
        raise HandrailError(
            f"Give the source a name of at most {_MAX_NAME} characters that can be seen."
        )


def _refuse_taken_name(session: Session, row: ContentSource) -> None:
    taken = select(ContentSource.id).where(
        ContentSource.organization_id == row.organization_id,
        ContentSource.name == row.name,
        ContentSource.id != (row.id or ""),
    )
    with session.no_autoflush:
        if session.scalar(taken):
            raise HandrailError(f'A source "{row.name}" exists; give another --name.')
