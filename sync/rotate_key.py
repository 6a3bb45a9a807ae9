"""Encrypt stored secrets again after a change of the secret key; find those that no key opens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from walkthroughs.crypto import SecretUnreadable, decrypt, encrypt
from walkthroughs.database.pool import Database
from walkthroughs.models import ContentSource, OidcProvider
from walkthroughs.settings import Settings

#: Columns that hold an encrypted text.
_COLUMNS: dict[type[ContentSource | OidcProvider], tuple[str, ...]] = {
    ContentSource: ("credential", "webhook_secret"),
    OidcProvider: ("client_secret",),
}


def encrypt_again(database: Database, settings: Settings) -> tuple[int, list[str]]:
    """Encrypt every stored secret with the first of the accepted keys, in one transaction.

    Returns how many there are, and the name of each source or provider with one that none of the
    keys opens; that one stays as it is.
    """
    count, unreadable = 0, []
    with database.transaction() as session:
        for row in _rows(session, lock=True):
            for column, secret in _read(settings, row).items():
                if secret is None:
                    unreadable.append(row.name)
                    continue
                setattr(row, column, encrypt(settings.secret_key, secret))
                count += 1
    return count, list(dict.fromkeys(unreadable))


def unreadable_secrets(database: Database, settings: Settings) -> list[str]:
    """Return the name of each source or provider with a secret that no accepted key opens."""
    with database.transaction() as session:
        rows = _rows(session)
        return [row.name for row in rows if None in _read(settings, row).values()]


def _rows(session: Session, *, lock: bool = False) -> Iterator[ContentSource | OidcProvider]:
    for table in _COLUMNS:
        query: Select[Any] = select(table).order_by(table.name)
        yield from session.scalars(query.with_for_update() if lock else query).all()


def _read(settings: Settings, row: ContentSource | OidcProvider) -> dict[str, str | None]:
    """Return the secrets that the row has, by column; none for what cannot be read."""
    secrets: dict[str, str | None] = {}
    for column in _COLUMNS[type(row)]:
        stored = getattr(row, column)
        if stored is not None:
            try:
                secrets[column] = decrypt(settings.secret_keys, stored)
            except SecretUnreadable:
                secrets[column] = None
    return secrets
