"""What a member asked the list of learners for, to and from the query of the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from admin import queries
from walkthroughs.enums import ProgressStatus
from walkthroughs.ids import now_ms
from walkthroughs.models import McpServer, McpServerUser, WalkthroughProgress

#: Where learners are in a walkthrough, by the word in the address. `none` have never begun one.
STATUSES = {"in_progress": "In progress", "completed": "Completed", "none": "Nothing begun"}
#: Days since the last step was shown.
SINCE = {"1": "Active today", "7": "Active in 7 days", "30": "Active in 30 days"}
_DAY_MS = 24 * 3600 * 1000


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

    def conditions(self, organization_id: str) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions for learners, besides the words: one progress row meets all."""
        if self.status == "none":
            # By an index: to see of each learner that nothing is there would read all progress.
            return (McpServerUser.active_on.is_(None), ~_has_progress(organization_id))
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
            wanted.append(WalkthroughProgress.active_at > now_ms() - int(self.since) * _DAY_MS)
        return (_has_progress(organization_id, *wanted),) if wanted else ()


def _has_progress(organization_id: str, *wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    status: InstrumentedAttribute[ProgressStatus] = WalkthroughProgress.status
    return (
        exists()
        .where(
            WalkthroughProgress.organization_id == organization_id,
            WalkthroughProgress.mcp_server_user_id == McpServerUser.id,
            status != ProgressStatus.NOT_STARTED,
            *wanted,
        )
        .correlate(McpServerUser)
    )
