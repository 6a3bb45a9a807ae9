"""Encrypt stored secrets again after a change of the secret key; find those that no key opens."""

from __future__ import annotations

from sqlalchemy import select

from walkthroughs.crypto import SecretUnreadable, decrypt, encrypt
from walkthroughs.database.pool import Database
from walkthroughs.models import ContentSource
from walkthroughs.settings import Settings

#: Columns of a content source that hold an encrypted text.
_COLUMNS = ("credential", "webhook_secret")


def encrypt_again(database: Database, settings: Settings) -> tuple[int, list[str]]:
    """Encrypt every stored secret with the first of the accepted keys, in one transaction.

    Returns how many there are, and the name of each source with one that none of the keys opens;
    that one stays as it is.
    """
    count, unreadable = 0, []
    with database.transaction() as session:
        query = select(ContentSource).order_by(ContentSource.name).with_for_update()
        for row in session.scalars(query).all():
            for column, secret in _read(settings, row).items():
                if secret is None:
                    unreadable.append(row.name)
                    continue
                setattr(row, column, encrypt(settings.secret_key, secret))
                count += 1
    return count, list(dict.fromkeys(unreadable))


def unreadable_secrets(database: Database, settings: Settings) -> list[str]:
    """Return the name of each source with a secret that none of the accepted keys opens."""
    with database.transaction() as session:
        rows = session.scalars(select(ContentSource).order_by(ContentSource.name)).all()
    return [row.name for row in rows if None in _read(settings, row).values()]


def _read(settings: Settings, row: ContentSource) -> dict[str, str | None]:
    """Return the secrets that the source has, by column; none for what cannot be read."""
    secrets: dict[str, str | None] = {}
    for column in _COLUMNS:
        stored = getattr(row, column)
        if stored is not None:
            try:
                secrets[column] = decrypt(settings.secret_keys, stored)
            except SecretUnreadable:
                secrets[column] = None
    return secrets
