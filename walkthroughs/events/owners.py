"""Change whose events are: of a learner who is erased, or is one with another."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from walkthroughs.events.turns import wait_for_turn
from walkthroughs.models.events import ActiveDay

# In this order: what is moved between the two statements is found by the second.
_TABLES = ("tool_events_incoming", "tool_events")
_OF_LEARNER = "WHERE organization_id = :organization_id AND mcp_server_user_id = :gone"


def hold_events(session: Session) -> None:
    """Let no event be moved until the transaction ends. Call it before learners are locked."""
    wait_for_turn(session.connection())


def forget_learner(session: Session, organization_id: str, learner_id: str) -> None:
    """Let events stay as nobody's. The caller has locked the learner and all their places.

    When an attempt began is forgotten, too: it would tell which events were one person's.
    No index helps: the events of the organization are read, which is seconds for millions.
    """
    _update(
        session, organization_id, learner_id, "mcp_server_user_id = NULL, run_started_at = NULL"
    )


def give_events(session: Session, organization_id: str, gone: str, kept: str) -> None:
    """Make the events of the learner *gone* those of *kept*, under the same locks and as slowly."""
    _update(session, organization_id, gone, "mcp_server_user_id = :kept", kept=kept)


def forget_last_day(session: Session, organization_id: str, day: date | None) -> None:
    """Count one learner less of those whose last active day this is; none: it never was.

    The caller holds the events, as `hold_events` does.
    """
    session.execute(
        update(ActiveDay)
        .where(ActiveDay.organization_id == organization_id, ActiveDay.day == day)
        .values(last=ActiveDay.last - 1)
    )


def _update(session: Session, organization_id: str, gone: str, change: str, **keys: str) -> None:
    for table in _TABLES:
        session.execute(
            text(f"UPDATE {table} SET {change} {_OF_LEARNER}"),  # noqa: S608  constants
            {"organization_id": organization_id, "gone": gone, **keys},
        )
