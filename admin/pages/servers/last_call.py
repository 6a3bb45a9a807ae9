"""The last call of an assistant, and what somebody is told who waits for the first one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.content.wording import count_of
from walkthroughs.models import ServerCall

#: After this long without a call, its usual causes are listed.
LATE_MS = 60_000
#: After this long the page no longer asks.
STOPPED_MS = 600_000
_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000


class Waiting(StrEnum):
    """How far the wait for a call is. Only the first three still wait."""

    BEGUN = "begun"
    LATE = "late"
    CONNECTED = "connected"
    LISTED = "listed"
    STOPPED = "stopped"


#: The states in which the page asks again.
STILL_WAITS = frozenset({Waiting.BEGUN, Waiting.LATE, Waiting.CONNECTED})


@dataclass(frozen=True, slots=True)
class LastCall:
    """An assistant's call, in epoch milliseconds. `listed` walkthroughs; none: it connected."""

    client: str | None
    called_at: int
    listed: int | None

    def words(self, now: int) -> str:
        """Return who did what, and when: "Claude Code listed 3 walkthroughs, 4 s ago"."""
        who = self.client or "An assistant"
        done = "connected" if self.listed is None else f"listed {_count(self.listed)}"
        return f"{who} {done}, {_ago(now - self.called_at)}"


def read_last_call(session: Session, organization_id: str, server_id: str) -> LastCall | None:
    """Return the last call that the server has noted; none if there was none."""
    row = session.execute(
        select(ServerCall.client, ServerCall.called_at, ServerCall.listed).where(
            ServerCall.organization_id == organization_id, ServerCall.mcp_server_id == server_id
        )
    ).one_or_none()
    return LastCall(row.client, row.called_at, row.listed) if row else None


def waiting(call: LastCall | None, since: int, now: int) -> Waiting:
    """Return how far the wait for a call is that began at *since*.

    A call of a moment before counts: a server notes one a minute of each assistant.
    """
    if call is not None and call.called_at >= since - _MINUTE_MS:
        if call.listed is not None:
            return Waiting.LISTED
        return Waiting.CONNECTED if now - since < STOPPED_MS else Waiting.STOPPED
    if now - since >= STOPPED_MS:
        return Waiting.STOPPED
    return Waiting.LATE if now - since >= LATE_MS else Waiting.BEGUN


def _count(listed: int) -> str:
    return count_of(listed, "walkthrough") if listed else "no walkthroughs"


def _ago(milliseconds: int) -> str:
    """Return a time that has passed, to the second while somebody waits for it."""
    passed = max(0, milliseconds)
    for unit, length in (("days", _DAY_MS), ("h", _HOUR_MS), ("min", _MINUTE_MS)):
        if passed >= length:
            number = passed // length
            return f"{number} {'day' if unit == 'days' and number == 1 else unit} ago"
    return f"{passed // 1000} s ago"
