"""The lock of whoever moves events, changes their partitions, or changes whose they are."""

from __future__ import annotations

from sqlalchemy import Connection, text

_KEY = "hashtextextended('handrail events', 0)"
_TRY = text(f"SELECT pg_try_advisory_xact_lock({_KEY})")
_WAIT = text(f"SELECT pg_advisory_xact_lock({_KEY})")


def try_turn(connection: Connection) -> bool:
    """Take the lock until the transaction ends, if nobody has it; return whether it was taken."""
    return bool(connection.execute(_TRY).scalar())


def wait_for_turn(connection: Connection) -> None:
    """Take the lock until the transaction ends.

    Take it before rows of learners: a mover has the lock when it waits for such a row.
    """
    connection.execute(_WAIT)
