"""Record an event in the transaction of the change that it tells of: both are stored, or neither.

A call only adds a row to a table without indexes. `mover` takes it from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, text

from walkthroughs.enums import EventKind

#: What records the events of a `SELECT` with the columns of `STEP_COLUMNS`. The time is the
#: database's.
STEP_COLUMNS = (
    "organization_id", "mcp_server_id", "mcp_server_user_id", "walkthrough_id", "version", "kind",
    "step_id", "next_step_id", "run_started_at", "step_ms",
)  # fmt: skip
INSERT_STEP = f"INSERT INTO tool_events_incoming ({', '.join(STEP_COLUMNS)})"

_INSERT = text(
    f"""
    INSERT INTO tool_events_incoming ({", ".join(STEP_COLUMNS)}, from_walkthrough_id)
    VALUES (:organization_id, :server_id, :learner_id, :walkthrough_id, :version, :kind,
        :step_id, :next_step_id, :run_started_at, :step_ms, :from_walkthrough_id)
    """  # noqa: S608  constants
)


@dataclass(frozen=True, slots=True)
class Event:
    """What a call changed.

    Attributes:
        version: of the walkthrough, as the learner was shown it.
        step_id: the step that was completed, or that the call hurried to complete.
        next_step_id: the step that the learner is on since.
        run_started_at: when their attempt began.
        step_ms: how long the completed step had been shown.
        from_walkthrough_id: where the learner was before; of a start only.
    """

    kind: EventKind
    version: int
    step_id: str | None = None
    next_step_id: str | None = None
    run_started_at: int | None = None
    step_ms: int | None = None
    from_walkthrough_id: str | None = None


def record(connection: Connection, keys: Mapping[str, object], *events: Event) -> None:
    """Store *events* in the transaction of *connection*.

    Args:
        connection: of the change.
        keys: the ids of organization, server, learner and walkthrough, as `organization_id`,
            `server_id`, `learner_id` and `walkthrough_id`.
        events: in their order.
    """
    if events:
        connection.execute(_INSERT, [{**keys, **asdict(event)} for event in events])
