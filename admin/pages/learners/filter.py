"""What a member asked the list of learners for, to and from the query of the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import SQLCoreOperations

from admin import queries
from walkthroughs.enums import ProgressStatus
from walkthroughs.events.scope import start_of
from walkthroughs.models import McpServer, McpServerUser, WalkthroughProgress

#: Where learners are in a walkthrough, by the word in the address. `none` have never begun one.
STATUSES = {"in_progress": "In progress", "completed": "Completed", "none": "Nothing begun"}
#: Who did anything within so many days (UTC), today included.
SINCE = {"1": "Active today", "7": "Active in 7 days", "30": "Active in 30 days"}


@dataclass(frozen=True, slots=True)
class WantedLearners:
    """What the member asked for, as the address holds it. Words that mean nothing are dropped."""

    words: str = ""
    server: str = ""
    walkthrough: str = ""
    status: str = ""
    since: str = ""
    page: int = 1

    @staticmethod
    def parse(args: Mapping[str, str]) -> WantedLearners:
        """Read the query of the address."""
        return WantedLearners(
            words=queries.words(args),
            server=queries.named(args, "server"),
            walkthrough=queries.named(args, "walkthrough"),
            status=queries.choice(args, "status", STATUSES),
            since=queries.choice(args, "since", SINCE),
            page=queries.page_number(args.get("page", "")),
        )

    def query(self, **changed: Any) -> dict[str, Any]:  # noqa: ANN401  any field
        """Return the query of the address of the same list with some of it changed."""
        new = replace(self, **{"page": 1, **changed})
        values = {
            "q": new.words,
            "server": new.server,
            "walkthrough": new.walkthrough,
            "status": new.status,
            "since": new.since,
            "page": new.page,
        }
        return queries.said(values)

    @property
    def is_narrowed(self) -> bool:
        """Return whether it asks for less than all."""
        return self.query() != {}

    @property
    def is_of_walkthrough(self) -> bool:
        """Return whether it asks for those of a walkthrough, and searches for nothing."""
        return bool(self.walkthrough) and not self.words and self.status != "none"

    @property
    def looks_at_places(self) -> bool:
        """Return whether places say who fits: what is known of learners by themselves does not."""
        return bool(self.server or self.walkthrough or self.status) and self.status != "none"

    def of_learner(self) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions of learners by themselves: an index finds them where few fit."""
        if self.status == "none":
            return (McpServerUser.active_on.is_(None),)
        return (McpServerUser.active_on >= self.first_day,) if self.since else ()

    def of_place(self, organization_id: str) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions of places: one of the learner's meets all."""
        wanted: list[ColumnElement[bool]] = []
        if self.server:
            server = select(McpServer.id).where(
                McpServer.organization_id == organization_id, McpServer.slug == self.server
            )
            wanted.append(WalkthroughProgress.mcp_server_id == server.scalar_subquery())
        if self.walkthrough:
            wanted.append(WalkthroughProgress.walkthrough_id == self.walkthrough)
        if self.status:
            wanted.append(WalkthroughProgress.status == ProgressStatus(self.status))
        if self.since:
            wanted.append(WalkthroughProgress.active_at >= start_of(self.first_day))
        return tuple(wanted)

    def fits(
        self, organization_id: str, learner_id: SQLCoreOperations[str]
    ) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions of the learner with this id, besides words and `of_learner`."""
        if self.status == "none":
            return (~_has_place(organization_id, learner_id),)
        if not self.looks_at_places:
            return ()
        return (_has_place(organization_id, learner_id, *self.of_place(organization_id)),)

    @property
    def is_active_lately(self) -> bool:
        """Return whether it asks for who was active lately, and for nothing else."""
        return bool(self.since) and self == WantedLearners(since=self.since, page=self.page)

    @property
    def first_day(self) -> date:
        """Return the first day (UTC) of those in which they were active. Only with `since`."""
        return datetime.now(UTC).date() - timedelta(days=int(self.since) - 1)


def _has_place(
    organization_id: str, learner_id: SQLCoreOperations[str], *wanted: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return whether a learner has begun something that is like that.

    With an offset it is asked of each learner who is looked at: else the database may read all
    places at once, where those of fifty learners are enough.
    """
    status: InstrumentedAttribute[ProgressStatus] = WalkthroughProgress.status
    return (
        select(WalkthroughProgress.id)
        .where(
            WalkthroughProgress.organization_id == organization_id,
            WalkthroughProgress.mcp_server_user_id == learner_id,
            status != ProgressStatus.NOT_STARTED,
            *wanted,
        )
        .offset(0)
        .exists()
    )
