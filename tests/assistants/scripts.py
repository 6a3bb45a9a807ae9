"""Scripts: how a model behaves, from what it has received so far to its next call."""

from __future__ import annotations

from collections.abc import Sequence

from tests.assistants.stand_ins import Call, Received, Script

STEP_TOOLS = ("select_walkthrough", "next_walkthrough_step")


def in_turn(*calls: Call) -> Script:
    """Make these calls one after the other, then end."""

    def script(received: Received) -> Call | str:
        done = len(received.results)
        return calls[done] if done < len(calls) else "That is all."

    return script


def walk(walkthrough_id: str, step_ids: Sequence[str]) -> Script:
    """List, select, and complete each step once it was shown."""
    return in_turn(
        Call("list_walkthroughs"),
        Call("select_walkthrough", {"walkthrough_id": walkthrough_id}),
        *(Call("next_walkthrough_step", {"current_step_id": step}) for step in step_ids),
    )
