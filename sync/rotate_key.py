"""Encrypt stored secrets again after a change of the secret key."""

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
        rows = session.scalars(
            select(ContentSource).order_by(ContentSource.name).with_for_update()
        ).all()
        for row in rows:
            for column in _COLUMNS:
                stored = getattr(row, column)
                if stored is None:
                    continue
                try:
                    text = decrypt(settings.secret_keys, stored)
                except SecretUnreadable:
                    unreadable.append(row.name)
                    continue
                setattr(row, column, encrypt(settings.secret_key, text))
                count += 1
    return count, list(dict.fromkeys(unreadable))
