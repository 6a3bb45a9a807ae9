"""Count the learners of large walkthroughs, from time to time, for pages and plans to read.

To count many takes as long as they are many. A page that did so at each look would become slower
with each learner; a counter that each step call changes would let calls wait for each other.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import partial

from sqlalchemy import Connection, text

from walkthroughs.content.impact import ACTIVE_DAYS
from walkthroughs.counted_log import CountedLog
from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.events.counted_places import shown_since
from walkthroughs.events.day_counts import correct_days
from walkthroughs.events.period_numbers import count_periods
from walkthroughs.events.scope import DAY_MS, NEWEST, PERIOD_DAYS, period_starts
from walkthroughs.ids import now_ms

_log = CountedLog(logging.getLogger(__name__))
#: A walkthrough with more learners, and an organization with more places, is counted beforehand.
MANY = 1_000
#: Where more learners of a walkthrough stand, and what is started most by more attempts within a
#: year, is counted beforehand: analytics count fewer at each look, exactly and at once.
MANY_PLACES, MANY_STARTS = 20_000, 100_000
#: Who was shown a step within so many days is active on a server.
SERVER_DAYS = 7
#: How old numbers are before they are counted again. Counting takes a hundredth of the time.
_SECONDS, _SHARE = 900.0, 100


def _median(period: int) -> str:
    """Return the expression for a period of `_COUNT_TIMES`: the median, and of how many."""
    within = f"FILTER (WHERE occurred_at >= (CAST(:starts AS bigint[]))[{period + 1}])"
    median = f"percentile_disc(0.5) WITHIN GROUP (ORDER BY step_ms) {within}"
    return f"jsonb_build_array({median}, count(*) {within})"


_TURN = text("SELECT pg_try_advisory_xact_lock(hashtextextended('handrail learner counts', 0))")
# Else groups are put onto disk.
_MEMORY = text("SET LOCAL work_mem = '64MB'")
_NEWEST = text(
    """
    SELECT greatest((SELECT max(counted_at) FROM walkthrough_learners),
                    (SELECT max(counted_at) FROM server_learners))
    """
)
_COUNT_WALKTHROUGHS = text(
    """
    WITH each AS (
        SELECT organization_id, walkthrough_id, status, current_step_id, version, mcp_server_id,
               width_bucket(coalesce(started_at, 0), CAST(:began AS bigint[])) AS periods,
               width_bucket(active_at, CAST(:shown AS bigint[])) AS recent,
               count(*) AS learners, count(*) FILTER (WHERE active_at > :since) AS active
          FROM walkthrough_progress GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ), large AS (
        SELECT organization_id, walkthrough_id, sum(learners) AS learners,
               coalesce(sum(learners) FILTER (WHERE status = 'completed'), 0) AS completed,
               coalesce(sum(active) FILTER (WHERE status = 'in_progress'), 0) AS active
          FROM each GROUP BY 1, 2 HAVING sum(learners) > :many
    ), standing AS (
        SELECT organization_id, walkthrough_id, jsonb_object_agg(current_step_id, learners) AS value
          FROM (SELECT organization_id, walkthrough_id, current_step_id, sum(learners) AS learners
                  FROM each WHERE status = 'in_progress' GROUP BY 1, 2, 3) steps
         GROUP BY 1, 2
    ), versions AS (
        SELECT organization_id, walkthrough_id, jsonb_object_agg(version, learners) AS value
          FROM (SELECT organization_id, walkthrough_id, version, sum(learners) AS learners
                  FROM each GROUP BY 1, 2, 3) seen
         GROUP BY 1, 2
    ), places AS (
        SELECT organization_id, walkthrough_id,
               jsonb_agg(jsonb_build_array(mcp_server_id, current_step_id, status = 'completed',
                                           version, periods, recent, learners)) AS value
          FROM each JOIN (SELECT organization_id, walkthrough_id FROM large
                           WHERE learners > :many_places) larger
         USING (organization_id, walkthrough_id)
         WHERE status <> 'not_started' GROUP BY 1, 2
    )
    INSERT INTO walkthrough_learners AS kept (organization_id, walkthrough_id, learners, completed,
           standing, versions, active, places, counted_at)
    SELECT organization_id, walkthrough_id, learners, completed, coalesce(standing.value, '{}'),
           versions.value, active, coalesce(places.value, '[]'), :now
      FROM large JOIN versions USING (organization_id, walkthrough_id)
      LEFT JOIN standing USING (organization_id, walkthrough_id)
      LEFT JOIN places USING (organization_id, walkthrough_id)
    ON CONFLICT (organization_id, walkthrough_id) DO UPDATE
       SET learners = EXCLUDED.learners, completed = EXCLUDED.completed,
           standing = EXCLUDED.standing, versions = EXCLUDED.versions, active = EXCLUDED.active,
           places = EXCLUDED.places, counted_at = EXCLUDED.counted_at
    """
)
_MEDIANS = ", ".join(map(_median, range(len(PERIOD_DAYS))))
# The newest completions of the longest period; those of a shorter one are the newest of them.
_COUNT_TIMES = text(
    f"""
    UPDATE walkthrough_learners kept SET times = found.value
      FROM (SELECT s.organization_id, s.walkthrough_id, jsonb_object_agg(s.id, m.value) AS value
              FROM walkthrough_learners JOIN walkthrough_steps s
             USING (organization_id, walkthrough_id)
             CROSS JOIN LATERAL (
                SELECT jsonb_build_array({_MEDIANS}) AS value
                  FROM (SELECT e.step_ms, e.occurred_at FROM tool_events e
                         WHERE e.step_id = s.id AND e.occurred_at >= :longest
                           AND e.step_ms IS NOT NULL
                         ORDER BY e.occurred_at DESC LIMIT :newest) newest) m
             WHERE s.archived_at IS NULL AND walkthrough_learners.places <> '[]'
             GROUP BY 1, 2) found
     WHERE kept.organization_id = found.organization_id
       AND kept.walkthrough_id = found.walkthrough_id
    """  # noqa: S608  constants
)
# All servers of an organization, or none: a server without a row has nobody.
_COUNT_SERVERS = text(
    """
    INSERT INTO server_learners AS kept (organization_id, mcp_server_id, active, counted_at)
    SELECT s.organization_id, s.id, coalesce(counted.active, 0), :now
      FROM mcp_servers s
      JOIN (SELECT organization_id FROM walkthrough_progress GROUP BY 1 HAVING count(*) > :many)
           large ON large.organization_id = s.organization_id
      LEFT JOIN (SELECT organization_id, mcp_server_id,
                        count(DISTINCT mcp_server_user_id) AS active
                   FROM walkthrough_progress WHERE active_at > :since GROUP BY 1, 2)
           counted ON counted.organization_id = s.organization_id AND counted.mcp_server_id = s.id
    ON CONFLICT (organization_id, mcp_server_id) DO UPDATE
       SET active = EXCLUDED.active, counted_at = EXCLUDED.counted_at
    """
)
_FORGET_WALKTHROUGHS = text("DELETE FROM walkthrough_learners WHERE counted_at <> :now")
_FORGET_SERVERS = text("DELETE FROM server_learners WHERE counted_at <> :now")


def count_learners(
    database: Database,
    many: int = MANY,
    max_age_ms: int = 0,
    *,
    many_places: int = MANY_PLACES,
    many_starts: int = MANY_STARTS,
) -> bool:
    """Count again what has many learners; return whether it was done.

    Counts by day that are wrong are corrected on the way: see `day_counts`.

    It is left alone while another process counts, or if the numbers are not older than
    *max_age_ms*. It locks what the numbers belong to, but only once they are counted.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    now = now_ms()
    count_walkthroughs = partial(_count_walkthroughs, many_places=many_places)
    for count in (count_walkthroughs, _count_servers):
        with database.begin() as connection:
            if not connection.execute(_TURN).scalar():
                return False
            newest = connection.execute(_NEWEST).scalar()
            if newest is not None and newest != now and 0 <= now - newest < max_age_ms:
                return False
            count(connection, now, many)
    _correct_days(database)
    with database.begin() as connection:
        if connection.execute(_TURN).scalar():
            count_periods(connection, now, many_starts)
    return True


def _correct_days(database: Database) -> None:
    """Correct the counts by day; say so if some were wrong."""
    with database.begin() as connection:
        connection.execute(_MEMORY)
        wrong = correct_days(connection) if connection.execute(_TURN).scalar() else 0
    if wrong:
        line = f"{wrong} counts by day were wrong, as a process of an earlier release leaves them"
        _log.write(logging.WARNING, "days", f"{line}: they are right now")


def _count_walkthroughs(connection: Connection, now: int, many: int, many_places: int) -> None:
    connection.execute(_MEMORY)
    starts = period_starts(now)
    values = {
        "now": now,
        "many": many,
        "many_places": many_places,
        "since": now - ACTIVE_DAYS * DAY_MS,
        "began": sorted(starts),
        "shown": shown_since(now),
    }
    connection.execute(_COUNT_WALKTHROUGHS, values)
    connection.execute(_FORGET_WALKTHROUGHS, {"now": now})
    times = {"starts": starts, "longest": starts[-1], "newest": NEWEST}
    connection.execute(_COUNT_TIMES, times)


def _count_servers(connection: Connection, now: int, many: int) -> None:
    values = {"now": now, "many": many, "since": now - SERVER_DAYS * DAY_MS}
    connection.execute(_COUNT_SERVERS, values)
    connection.execute(_FORGET_SERVERS, {"now": now})


def run_learner_counts(database: Database, stop: threading.Event) -> None:
    """Count every quarter of an hour until *stop*; less often if that takes long."""
    while not stop.is_set():
        began = time.monotonic()
        try:
            count_learners(database, max_age_ms=int(_SECONDS * 1000) // 2)
        except DatabaseUnavailable:
            pass  # that is logged where it was seen
        except Exception as error:  # noqa: BLE001  the loop must outlive what it counts
            line = f"learners could not be counted: {str(error).partition(chr(10))[0]}"
            _log.write(logging.ERROR, type(error).__name__, line)
        stop.wait(max(_SECONDS, _SHARE * (time.monotonic() - began)))
