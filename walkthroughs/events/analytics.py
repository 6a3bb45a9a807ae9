"""What pages of numbers read: counts by day, what is taken next, who is active, what happens.

Every read names the organization, is answered by an index, and has a bound that does not grow with
the events that are kept. Reads see what was moved; `waiting` says how old that is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from walkthroughs.events.scope import FLOW_DAYS, MOST_PAIRS, MOST_ROWS, Counts, Scope, start_of
from walkthroughs.models import McpServer, McpServerUser, Walkthrough, WalkthroughStep
from walkthroughs.models.events import ActiveDay, EventDay, ServerDay, tool_events

#: "Active now" is who did anything in so many minutes.
NOW_MINUTES = 5
#: The feed has so many events, out of so many newest ones of the organization.
FEED, FEED_AMONG = 20, 2_000
#: "Active now" looks at so many newest events at most.
_ACTIVE_AMONG = 20_000
_EVENT = tool_events.c
# Whoever begins again is counted as one who starts.
_STARTED = func.sum(EventDay.started + EventDay.restarted)
_FINISHED = func.sum(EventDay.completed)


def has_any(session: Session, organization_id: str, walkthrough_id: str = "") -> bool:
    """Return whether anything was counted, ever, of the organization or of one walkthrough."""
    query = select(EventDay.day).where(EventDay.organization_id == organization_id)
    if walkthrough_id:
        query = query.where(EventDay.walkthrough_id == walkthrough_id)
    # In the order of an index: to ask whether one exists may read the days of everybody.
    return session.scalar(query.order_by(EventDay.day.desc()).limit(1)) is not None


def read_days(session: Session, scope: Scope) -> dict[date, Counts]:
    """Return the counts of each day that has any, of the scope and of as many days before it."""
    wide = replace(scope, first=scope.before.first)
    # Of all walkthroughs by the sums of each server: the counts have as many rows a day as those.
    query = (
        select(EventDay.day, _STARTED, _FINISHED).where(*_of(wide)).group_by(EventDay.day)
        if scope.walkthrough_id or scope.version
        else _days_of_servers(wide)
    )
    rows = session.execute(query)
    return {day: Counts(int(started), int(finished)) for day, started, finished in rows}


def read_walkthroughs(session: Session, scope: Scope) -> list[tuple[str, Counts]]:
    """Return the walkthroughs that were started or finished most, the first ones."""
    return _by(session, scope, EventDay.walkthrough_id)


def read_servers(session: Session, scope: Scope) -> list[tuple[str, Counts]]:
    """Return the counts of each server by its id."""
    return _by(session, scope, EventDay.mcp_server_id)


def read_versions(session: Session, scope: Scope) -> list[tuple[int, Counts]]:
    """Return the counts of each version, the newest first."""
    return sorted(_by(session, scope, EventDay.version), reverse=True, key=lambda each: each[0])


def read_flow(session: Session, scope: Scope) -> tuple[list[tuple[str, str, int]], int]:
    """Return (before, after, starts) of the most frequent pairs, and how many starts there were.

    `before` is empty where nothing was. It is of all servers and versions, of `FLOW_DAYS` at most.
    """
    first = max(scope.first, scope.last - timedelta(days=FLOW_DAYS - 1))
    starts = func.count()
    rows = session.execute(
        select(
            func.coalesce(_EVENT.from_walkthrough_id, ""),
            _EVENT.walkthrough_id,
            starts,
            func.sum(starts).over(),
        )
        .where(
            _EVENT.organization_id == scope.organization_id,
            _EVENT.occurred_at.between(start_of(first), scope.end_ms),
            _EVENT.kind == "started",
        )
        .group_by(_EVENT.from_walkthrough_id, _EVENT.walkthrough_id)
        .order_by(starts.desc(), _EVENT.walkthrough_id, _EVENT.from_walkthrough_id)
        .limit(MOST_PAIRS)
    ).all()
    total = int(rows[0][3]) if rows else 0
    return [(before, after, int(count)) for before, after, count, _ in rows], total


def count_learners(session: Session, scope: Scope) -> int:
    """Return how many learners of the organization were active since the scope began."""
    return count_active_since(session, scope.organization_id, scope.first)


def count_active_since(session: Session, organization_id: str, first: date) -> int:
    """Return how many learners were active on that day (UTC) or later."""
    query = select(func.sum(ActiveDay.last)).where(
        ActiveDay.organization_id == organization_id, ActiveDay.day >= first
    )
    return int(session.scalar(query) or 0)


def count_learner_days(session: Session, scope: Scope) -> tuple[int, int]:
    """Return on how many days learners were active, in sum: in the scope, and before it."""
    learners, day = ActiveDay.learners, ActiveDay.day
    now, before = session.execute(
        select(
            func.coalesce(func.sum(learners).filter(day >= scope.first), 0),
            func.coalesce(func.sum(learners).filter(day < scope.first), 0),
        ).where(
            ActiveDay.organization_id == scope.organization_id,
            day.between(scope.before.first, scope.last),
        )
    ).one()
    return int(now), int(before)


def count_active_now(session: Session, scope: Scope, now_ms: int) -> int:
    """Return how many learners did anything in the last minutes."""
    since = now_ms - NOW_MINUTES * 60_000
    newest = _newest(scope.organization_id, _ACTIVE_AMONG, _EVENT.occurred_at >= since)
    learners = func.count(newest.c.mcp_server_user_id.distinct())
    return int(session.scalar(select(learners).where(*_among(newest.c, scope))) or 0)


def read_feed(session: Session, scope: Scope) -> list[Row[Any]]:
    """Return the newest events: when, what, who (`learner_id`, `email`), where, and which step.

    They are looked for among the newest `FEED_AMONG` events of the organization.
    """
    newest = _newest(scope.organization_id, FEED_AMONG)
    among, own = newest.c, scope.organization_id
    query = (
        select(
            among.occurred_at,
            among.kind,
            among.version,
            among.mcp_server_user_id.label("learner_id"),
            among.mcp_server_id.label("server_id"),
            McpServerUser.email,
            WalkthroughStep.title.label("step"),
        )
        .select_from(newest)
        .outerjoin(
            McpServerUser,
            and_(
                McpServerUser.organization_id == own, McpServerUser.id == among.mcp_server_user_id
            ),
        )
        .outerjoin(
            WalkthroughStep,
            and_(
                WalkthroughStep.organization_id == own,
                WalkthroughStep.id == func.coalesce(among.step_id, among.next_step_id),
            ),
        )
        .where(*_among(among, scope))
        # A last step and the completion have one time: the completion came second.
        .order_by(among.occurred_at.desc(), among.kind)
        .limit(FEED)
    )
    return list(session.execute(query))


def read_titles(session: Session, organization_id: str, ids: Collection[str]) -> dict[str, str]:
    """Return the titles of those of the walkthroughs that are still there."""
    rows = session.execute(
        select(Walkthrough.id, Walkthrough.title).where(
            Walkthrough.organization_id == organization_id, Walkthrough.id.in_(ids)
        )
    )
    return {row.id: row.title for row in rows}


def read_server_names(
    session: Session, organization_id: str, most: int = 500
) -> dict[str, tuple[str, str]]:
    """Return slug and name of the servers by id, in the order of their names."""
    rows = session.execute(
        select(McpServer.id, McpServer.slug, McpServer.name)
        .where(McpServer.organization_id == organization_id)
        .order_by(func.lower(McpServer.name), McpServer.id)
        .limit(most)
    )
    return {row.id: (row.slug, row.name) for row in rows}


def _days_of_servers(scope: Scope) -> Select[date, int, int]:
    query = (
        select(ServerDay.day, func.sum(ServerDay.started), func.sum(ServerDay.finished))
        .where(
            ServerDay.organization_id == scope.organization_id,
            ServerDay.day.between(scope.first, scope.last),
        )
        .group_by(ServerDay.day)
    )
    return query.where(ServerDay.mcp_server_id == scope.server_id) if scope.server_id else query


def _by(session: Session, scope: Scope, column: InstrumentedAttribute[Any]) -> list[Any]:
    rows = session.execute(
        select(column, _STARTED, _FINISHED)
        .where(*_of(scope))
        .group_by(column)
        .order_by(_STARTED.desc(), _FINISHED.desc(), column)
        .limit(MOST_ROWS)
    )
    return [(key, Counts(int(started), int(finished))) for key, started, finished in rows]


def _of(scope: Scope) -> list[ColumnElement[bool]]:
    return [
        EventDay.organization_id == scope.organization_id,
        EventDay.day.between(scope.first, scope.last),
        *_among(EventDay, scope),
    ]


def _among(columns: Any, scope: Scope) -> list[ColumnElement[bool]]:  # noqa: ANN401  any table's
    """Return the conditions for one walkthrough, server or version, where one is chosen."""
    chosen = (
        (columns.walkthrough_id, scope.walkthrough_id),
        (columns.mcp_server_id, scope.server_id),
        (columns.version, scope.version),
    )
    return [column == value for column, value in chosen if value]


def _newest(organization_id: str, most: int, *wanted: ColumnElement[bool]) -> Any:  # noqa: ANN401
    """Return the newest events of the organization: what is looked through is bounded."""
    return (
        select(tool_events)
        .where(_EVENT.organization_id == organization_id, *wanted)
        .order_by(_EVENT.occurred_at.desc())
        .limit(most)
        .subquery()
    )
