"""Count the learners of large walkthroughs, from time to time, for pages and plans to read.

To count many takes as long as they are many. A page that did so at each look would become slower
with each learner; a counter that each step call changes would let calls wait for each other.
"""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy import text

from walkthroughs.content.impact import ACTIVE_DAYS
from walkthroughs.counted_log import CountedLog
from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.ids import now_ms

_log = CountedLog(logging.getLogger(__name__))
#: A walkthrough with more learners, and an organization with more places, is counted beforehand.
MANY = 1_000
#: Who was shown a step within so many days is active on a server.
SERVER_DAYS = 7
#: How old numbers are before they are counted again. Counting takes a hundredth of the time.
_SECONDS, _SHARE = 900.0, 100
_DAY_MS = 86_400_000

_TURN = text("SELECT pg_try_advisory_xact_lock(hashtextextended('handrail learner counts', 0))")
_NEWEST = text(
    """
    SELECT greatest((SELECT max(counted_at) FROM walkthrough_learners),
                    (SELECT max(counted_at) FROM server_learners))
    """
)
_COUNT_WALKTHROUGHS = text(
    """
    WITH each AS (
        SELECT organization_id, walkthrough_id, status, current_step_id, version,
               count(*) AS learners, count(*) FILTER (WHERE active_at > :since) AS active
          FROM walkthrough_progress GROUP BY 1, 2, 3, 4, 5
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
    )
    INSERT INTO walkthrough_learners AS kept (organization_id, walkthrough_id, learners, completed,
           standing, versions, active, counted_at)
    SELECT organization_id, walkthrough_id, learners, completed, coalesce(standing.value, '{}'),
           versions.value, active, :now
      FROM large JOIN versions USING (organization_id, walkthrough_id)
      LEFT JOIN standing USING (organization_id, walkthrough_id)
    ON CONFLICT (organization_id, walkthrough_id) DO UPDATE
       SET learners = EXCLUDED.learners, completed = EXCLUDED.completed,
           standing = EXCLUDED.standing, versions = EXCLUDED.versions, active = EXCLUDED.active,
           counted_at = EXCLUDED.counted_at
    """
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
#: What counts, what forgets those that are not many any more, and the days of who is active.
_COUNTS = (
    (_COUNT_WALKTHROUGHS, text("DELETE FROM walkthrough_learners WHERE counted_at <> :now"),
     ACTIVE_DAYS),
    (_COUNT_SERVERS, text("DELETE FROM server_learners WHERE counted_at <> :now"), SERVER_DAYS),
)  # fmt: skip


def count_learners(database: Database, many: int = MANY, max_age_ms: int = 0) -> bool:
    """Count again what has many learners; return whether it was done.

    It is left alone while another process counts, or if the numbers are not older than
    *max_age_ms*. It locks what the numbers belong to, but only once they are counted.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    now = now_ms()
    for count, forget, days in _COUNTS:
        values = {"now": now, "many": many, "since": now - days * _DAY_MS}
        with database.begin() as connection:
            if not connection.execute(_TURN).scalar():
                return False
            newest = connection.execute(_NEWEST).scalar()
            if newest is not None and newest != now and 0 <= now - newest < max_age_ms:
                return False
            connection.execute(count, values)
            connection.execute(forget, {"now": now})
    return True


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
