"""What the pages of learners show: the list, and what one learner is known by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from admin.pages.learners.filter import WantedLearners
from admin.pages.learners.found import Total, find
from walkthroughs.enums import ProgressStatus
from walkthroughs.identity.learners import LearnerLine, read_lines
from walkthroughs.models import (
    McpServer,
    McpServerUser,
    PersonalLink,
    Walkthrough,
    WalkthroughAttempt,
    WalkthroughProgress,
)

#: How many walkthroughs can be chosen from; others are found from their own pages.
_OFFERED = 500
#: How many links and ended attempts one page shows, the newest.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """A learner of the list, and the walkthrough that they were in last."""

    line: LearnerLine
    title: str | None
    status: ProgressStatus | None


def read_learners(
    session: Session, organization_id: str, wanted: WantedLearners, *, only_whole: bool
) -> tuple[list[LearnerRow], Total]:
    """Return the page that *wanted* asks for, and how many there are: six statements at most.

    With *only_whole* an e-mail address is found by all of it, not by a part.
    """
    ids, total = find(session, organization_id, wanted, only_whole=only_whole)
    lines = read_lines(session, organization_id, ids)
    progress = WalkthroughProgress
    rows = session.execute(
        select(progress.mcp_server_user_id, Walkthrough.title, progress.status)
        .join(Walkthrough, Walkthrough.id == progress.walkthrough_id)
        .where(
            progress.organization_id == organization_id,
            Walkthrough.organization_id == organization_id,
            progress.mcp_server_user_id.in_([line.id for line in lines]),
            progress.status != ProgressStatus.NOT_STARTED,
        )
        .ext(distinct_on(progress.mcp_server_user_id))
        .order_by(progress.mcp_server_user_id, progress.active_at.desc())
    )
    last = {row.mcp_server_user_id: (row.title, row.status) for row in rows}
    return [LearnerRow(line, *last.get(line.id, (None, None))) for line in lines], total


def read_choices(session: Session, organization_id: str) -> dict[str, list[tuple[str, str]]]:
    """Return the servers and walkthroughs to filter by, as (value, label)."""
    servers = session.execute(
        select(McpServer.slug, McpServer.name)
        .where(McpServer.organization_id == organization_id)
        .order_by(func.lower(McpServer.name))
        .limit(_OFFERED)
    )
    walkthroughs = session.execute(
        select(Walkthrough.id, Walkthrough.title)
        .where(Walkthrough.organization_id == organization_id, Walkthrough.version > 0)
        .order_by(func.lower(Walkthrough.title), Walkthrough.id)
        .limit(_OFFERED)
    )
    return {
        "servers": [(row.slug, row.name) for row in servers],
        "walkthroughs": [(row.id, row.title) for row in walkthroughs],
    }


def read_open_links(session: Session, learner: McpServerUser) -> list[Row[Any]]:
    """Return id, server and created_at of the learner's links that go on. Never a secret."""
    query = (
        select(PersonalLink.id, McpServer.name.label("server"), PersonalLink.created_at)
        .join(McpServer, McpServer.id == PersonalLink.mcp_server_id)
        .where(
            PersonalLink.organization_id == learner.organization_id,
            PersonalLink.mcp_server_user_id == learner.id,
            PersonalLink.revoked_at.is_(None),
        )
        .order_by(PersonalLink.created_at.desc(), PersonalLink.id)
        .limit(SHOWN)
    )
    return list(session.execute(query))


def read_attempts(session: Session, learner: McpServerUser) -> list[Row[Any]]:
    """Return the newest attempts that the learner ended by beginning again."""
    attempt = WalkthroughAttempt
    query = (
        select(
            Walkthrough.title,
            attempt.version,
            attempt.started_at,
            attempt.completed_at,
            attempt.ended_at,
            func.jsonb_array_length(attempt.completed_steps).label("steps"),
        )
        .join(Walkthrough, Walkthrough.id == attempt.walkthrough_id)
        .where(
            attempt.organization_id == learner.organization_id,
            attempt.mcp_server_user_id == learner.id,
        )
        .order_by(attempt.ended_at.desc(), attempt.id)
        .limit(SHOWN)
    )
    return list(session.execute(query))
