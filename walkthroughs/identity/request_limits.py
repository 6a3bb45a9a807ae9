"""Limits on what strangers can ask for, counted in the database for all processes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from walkthroughs.crypto import hash_token
from walkthroughs.database.pool import Database
from walkthroughs.errors import HandrailError
from walkthroughs.ids import now_ms
from walkthroughs.models.sign_in import RequestCount

_KEPT_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Limit:
    """So many within a window of time. The name tells limits apart in the table.

    Attributes:
        is_of_caller: whether people who share an address share it, who are told so.
    """

    name: str
    most: int
    seconds: int
    is_of_caller: bool = False


class LimitReached(HandrailError):
    """Too many of the same within a window. `retry_seconds` says when the next one counts."""

    def __init__(self, retry_seconds: int, *, is_of_caller: bool = False) -> None:
        minutes = -(-retry_seconds // 60)
        what = (
            "Many people at your network's address are signing in just now."
            if is_of_caller
            else "There were too many attempts."
        )
        super().__init__(f"{what} Try again in {minutes} min.")
        self.retry_seconds = retry_seconds


def take(database: Database, organization_id: str, limit: Limit, whom: str) -> None:
    """Count one more for *whom*.

    Raises:
        LimitReached: it is one too many.
        DatabaseUnavailable: the database does not answer.
    """
    start = _window_start(limit)
    row = {
        "organization_id": organization_id,
        "counted_for": _counted_for(limit, whom),
        "window_start": start,
        "count": 1,
    }
    counted = (
        insert(RequestCount)
        .values(row)
        .on_conflict_do_update(
            index_elements=["organization_id", "counted_for", "window_start"],
            set_={"count": RequestCount.count + 1},
        )
        .returning(RequestCount.count)
    )
    with database.autocommit() as connection:
        count = connection.execute(counted).scalar_one()
        if count == 1:
            old = RequestCount.window_start < now_ms() - _KEPT_MS
            connection.execute(delete(RequestCount).where(old))
    if count > limit.most:
        raise LimitReached(_seconds_left(limit, start), is_of_caller=limit.is_of_caller)


def refuse_if_reached(database: Database, organization_id: str, limit: Limit, whom: str) -> None:
    """Count nothing: for what is counted when it has failed.

    Raises:
        LimitReached: there were as many as there may be.
        DatabaseUnavailable: the database does not answer.
    """
    start = _window_start(limit)
    query = select(RequestCount.count).where(
        RequestCount.organization_id == organization_id,
        RequestCount.counted_for == _counted_for(limit, whom),
        RequestCount.window_start == start,
    )
    with database.autocommit() as connection:
        count = connection.execute(query).scalar()
    if (count or 0) >= limit.most:
        raise LimitReached(_seconds_left(limit, start), is_of_caller=limit.is_of_caller)


def _counted_for(limit: Limit, whom: str) -> str:
    return f"{limit.name}:{hash_token(whom)}"


def _window_start(limit: Limit) -> int:
    window_ms = limit.seconds * 1000
    return now_ms() // window_ms * window_ms


def _seconds_left(limit: Limit, start: int) -> int:
    return max(1, (start + limit.seconds * 1000 - now_ms()) // 1000)
