"""Move events from where calls write them to where pages read them, and count them on the way.

All is one statement in one transaction: whenever it is killed, each event is either still to be
moved, or moved and counted. Processes take turns by a lock, so that no two wait for each other's
counters.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, text

from walkthroughs.counted_log import CountedLog
from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.events import partitions
from walkthroughs.events.turns import try_turn
from walkthroughs.models.events import EVENT_COLUMNS

_log = CountedLog(logging.getLogger(__name__))
#: How often events are moved, and how many at a time: that bounds memory, and how long one takes.
SECONDS = 0.5
MOST_AT_ONCE = 20_000
#: How often months are looked after, and how soon again if that failed.
_UPKEEP_SECONDS, _RETRY_SECONDS = 3600.0, 30.0
R = TypeVar("R")
#: Where it is announced whose events came: see `announcements`.
CHANNEL = "events"

_COLUMNS = ", ".join(EVENT_COLUMNS)
#: The counters of a day, and the kind of events that each counts.
KINDS = {
    "started": "started", "resumed": "resumed", "restarted": "restarted", "steps": "step",
    "completed": "completed", "resets": "reset", "hurried": "hurried",
}  # fmt: skip
_COUNTS = ", ".join(f"count(*) FILTER (WHERE kind = '{kind}')" for kind in KINDS.values())
_SUMS = ", ".join(f"{name} = d.{name} + EXCLUDED.{name}" for name in KINDS)
# An organization that is deleted takes its events along, also those on their way here. Its lock
# keeps it until the end. A learner is counted once a day: `active_on` is the last day that was, and
# `active_days.last` how many have it.
# NOTIFY stands here and in no call: it lets all transactions of a server commit one by one.
_MOVE = text(
    f"""
    WITH taken AS (
        DELETE FROM tool_events_incoming
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM tool_events_incoming LIMIT :most))
        RETURNING {_COLUMNS}
    ), living AS (
        SELECT id FROM organization
         WHERE id IN (SELECT DISTINCT organization_id FROM taken) ORDER BY id FOR KEY SHARE
    ), moved AS (
        SELECT t.*, (to_timestamp(t.occurred_at / 1000.0) AT TIME ZONE 'UTC')::date AS day
          FROM taken t JOIN living ON living.id = t.organization_id
    ), stored AS (
        INSERT INTO tool_events ({_COLUMNS}) SELECT {_COLUMNS} FROM moved
    ), counted AS (
        INSERT INTO event_days AS d
               (organization_id, day, walkthrough_id, mcp_server_id, version, {", ".join(KINDS)})
        SELECT organization_id, day, walkthrough_id, mcp_server_id, version, {_COUNTS}
          FROM moved GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (organization_id, day, walkthrough_id, mcp_server_id, version)
        DO UPDATE SET {_SUMS}
    ), by_server AS (
        INSERT INTO server_days AS d (organization_id, day, mcp_server_id, started, finished)
        SELECT organization_id, day, mcp_server_id,
               count(*) FILTER (WHERE kind <> 'completed'),
               count(*) FILTER (WHERE kind = 'completed')
          FROM moved WHERE kind IN ('started', 'restarted', 'completed') GROUP BY 1, 2, 3
        ON CONFLICT (organization_id, day, mcp_server_id)
        DO UPDATE SET started = d.started + EXCLUDED.started,
                      finished = d.finished + EXCLUDED.finished
    ), fresh AS (
        SELECT u.organization_id, u.id, seen.day, u.active_on AS before
          FROM (SELECT DISTINCT organization_id, mcp_server_user_id, day FROM moved
                 WHERE mcp_server_user_id IS NOT NULL) seen
          JOIN mcp_server_user u
            ON u.organization_id = seen.organization_id AND u.id = seen.mcp_server_user_id
         WHERE u.active_on IS NULL OR u.active_on < seen.day
    ), newest AS (
        SELECT organization_id, id, before, max(day) AS day FROM fresh GROUP BY 1, 2, 3
    ), marked AS (
        UPDATE mcp_server_user u SET active_on = newest.day
          FROM newest WHERE u.organization_id = newest.organization_id AND u.id = newest.id
    ), changed AS (
        SELECT organization_id, day, 1 AS learners, 0 AS last FROM fresh
         UNION ALL SELECT organization_id, day, 0, 1 FROM newest
         UNION ALL SELECT organization_id, before, 0, -1 FROM newest WHERE before IS NOT NULL
    ), active AS (
        INSERT INTO active_days AS d (organization_id, day, learners, last)
        SELECT organization_id, day, sum(learners), sum(last) FROM changed GROUP BY 1, 2
        ON CONFLICT (organization_id, day)
        DO UPDATE SET learners = d.learners + EXCLUDED.learners, last = d.last + EXCLUDED.last
    ), told AS (
        SELECT string_agg(organization_id || ':' || walkthrough_id, ',') AS pairs,
               string_agg(DISTINCT organization_id, ',') AS ids
          FROM (SELECT DISTINCT organization_id, walkthrough_id FROM moved) each
    )
    SELECT (SELECT count(*) FROM taken),
           CASE WHEN told.ids IS NOT NULL THEN pg_notify('{CHANNEL}', CASE
             WHEN octet_length(told.pairs) < 8000 THEN told.pairs
             WHEN octet_length(told.ids) < 8000 THEN told.ids ELSE '*' END) END
      FROM told
    """  # noqa: S608  constants
)


def run_mover(
    database: Database,
    months: int,
    stop: threading.Event,
    count: Callable[[int], None] = lambda _: None,
) -> None:
    """Move events, and look after their months, until *stop*. Errors are logged, and tried again.

    Args:
        database: whose events; any number of processes may do the same.
        months: how many whole months of events are kept.
        stop: ends the loop.
        count: is told how many were moved, each time.
    """
    next_upkeep = time.monotonic()
    while not stop.is_set():
        if time.monotonic() >= next_upkeep:
            is_done = _logged(lambda: partitions.maintain(database, months))
            next_upkeep = time.monotonic() + (_UPKEEP_SECONDS if is_done else _RETRY_SECONDS)
        moved = _logged(lambda: move(database)) or 0
        count(moved)
        if moved < MOST_AT_ONCE:
            stop.wait(SECONDS)


def _logged(work: Callable[[], R]) -> R | None:
    """Return what *work* returns; none if it failed, which is logged."""
    try:
        return work()
    except DatabaseUnavailable:
        return None  # that is logged where it was seen
    except Exception as error:  # noqa: BLE001  the loop must outlive what it works on
        line = f"events could not be moved; trying again: {str(error).partition(chr(10))[0]}"
        _log.write(logging.ERROR, type(error).__name__, line)
        return None


def move(database: Database, most: int = MOST_AT_ONCE) -> int:
    """Move at most so many events; return how many. None if another process moves some just now.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    with database.begin() as connection:
        return _move(connection, most) if try_turn(connection) else 0


def _move(connection: Connection, most: int) -> int:
    return int(connection.execute(_MOVE, {"most": most}).one()[0])
