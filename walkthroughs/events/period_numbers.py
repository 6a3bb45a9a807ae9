"""What was started most in a period, of organizations where much is started: counted beforehand.

The counts by day have as many rows as days, walkthroughs and servers, and starts are as many as
learners: to read them for each page would take longer with each of these. Where little was
started, nothing is kept, and pages read what there is.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from walkthroughs.events.scope import (
    FLOW_DAYS,
    MOST_PAIRS,
    MOST_ROWS,
    PERIOD_DAYS,
    Counts,
    Scope,
    period_starts,
)
from walkthroughs.models import PeriodNumbers

_COUNT = text(
    """
    WITH large AS (
        SELECT organization_id FROM server_days
         WHERE day >= (to_timestamp(:longest / 1000.0) AT TIME ZONE 'UTC')::date
         GROUP BY 1 HAVING sum(started) > :many
    ), periods AS (
        SELECT days, first_ms, (to_timestamp(first_ms / 1000.0) AT TIME ZONE 'UTC')::date AS first
          FROM unnest(CAST(:days AS int[]), CAST(:starts AS bigint[])) p (days, first_ms)
    ), each AS (
        SELECT organization_id, days, mcp_server_id AS server, walkthrough_id,
               sum(started + restarted) AS started, sum(completed) AS finished
          FROM large JOIN event_days USING (organization_id) JOIN periods ON day >= first
         GROUP BY 1, 2, 3, 4
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY organization_id, days, server
                                     ORDER BY started DESC, finished DESC, walkthrough_id) AS place
          FROM (SELECT * FROM each
                UNION ALL SELECT organization_id, days, '', walkthrough_id, sum(started),
                                 sum(finished) FROM each GROUP BY 1, 2, 4) sides
    ), lists AS (
        SELECT organization_id, days, server,
               jsonb_agg(jsonb_build_array(walkthrough_id, started, finished)
                         ORDER BY place) AS list
          FROM ranked WHERE place <= :most_rows GROUP BY 1, 2, 3
    ), most AS (
        SELECT organization_id, days, jsonb_object_agg(server, list) AS walkthroughs
          FROM lists GROUP BY 1, 2
    ), ways AS (
        SELECT organization_id, days, coalesce(from_walkthrough_id, '') AS before,
               walkthrough_id AS after, count(*) AS starts
          FROM large JOIN tool_events USING (organization_id)
          JOIN periods ON occurred_at >= first_ms
         WHERE kind = 'started' AND days <= :flow_days AND occurred_at >= :flow
         GROUP BY 1, 2, 3, 4
    ), flow AS (
        SELECT organization_id, days, sum(starts) AS starts,
               coalesce(jsonb_agg(jsonb_build_array(before, after, starts) ORDER BY place)
                        FILTER (WHERE place <= :most_pairs), '[]') AS pairs
          FROM (SELECT *, row_number() OVER (PARTITION BY organization_id, days
                                             ORDER BY starts DESC, after, before = '', before)
                       AS place
                  FROM ways) ranked
         GROUP BY 1, 2
    )
    INSERT INTO period_numbers (organization_id, days, walkthroughs, pairs, starts, counted_at)
    SELECT most.organization_id, most.days, walkthroughs, coalesce(pairs, '[]'),
           coalesce(starts, 0), :now
      FROM most
      LEFT JOIN flow ON flow.organization_id = most.organization_id
                    AND flow.days = least(most.days, :flow_days)
    ON CONFLICT (organization_id, days) DO UPDATE
       SET walkthroughs = EXCLUDED.walkthroughs, pairs = EXCLUDED.pairs, starts = EXCLUDED.starts,
           counted_at = EXCLUDED.counted_at
    """
)
_FORGET = text("DELETE FROM period_numbers WHERE counted_at <> :now")


@dataclass(frozen=True, slots=True)
class CountedPeriod:
    """What was started most, as of `at_ms`: as `analytics` returns walkthroughs and the flow."""

    at_ms: int
    walkthroughs: list[tuple[str, Counts]]
    pairs: list[tuple[str, str, int]]
    starts: int


def read_period(session: Session, scope: Scope) -> CountedPeriod | None:
    """Return what was counted of the scope's period; none where little is started."""
    kept = session.scalar(
        select(PeriodNumbers).where(
            PeriodNumbers.organization_id == scope.organization_id, PeriodNumbers.days == scope.days
        )
    )
    if kept is None:
        return None
    found = kept.walkthroughs.get(scope.server_id, ())
    return CountedPeriod(
        kept.counted_at,
        [(key, Counts(started, finished)) for key, started, finished in found],
        [(before, after, starts) for before, after, starts in kept.pairs],
        kept.starts,
    )


def count_periods(connection: Connection, now: int, many: int) -> None:
    """Count again where more than *many* attempts began in the longest period."""
    starts = period_starts(now)
    connection.execute(
        _COUNT,
        {
            "now": now,
            "many": many,
            "days": list(PERIOD_DAYS),
            "starts": starts,
            "longest": starts[-1],
            "flow": min(
                s for s, days in zip(starts, PERIOD_DAYS, strict=True) if days <= FLOW_DAYS
            ),
            "flow_days": FLOW_DAYS,
            "most_rows": MOST_ROWS,
            "most_pairs": MOST_PAIRS,
        },
    )
    connection.execute(_FORGET, {"now": now})
