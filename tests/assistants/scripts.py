"""Scripts: how a model behaves, from what it has received so far to its next call."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.assistants.stand_ins.base import Call, Received, Script, is_named

STEP_TOOLS = ("select_walkthrough", "next_walkthrough_step")
#: What a result says to call next, also where it arrives as JSON.
_NEXT = re.compile(r'next_walkthrough_step with current_step_id \\?"([\w-]+)')


def in_turn(*calls: Call) -> Script:
    """Make these calls one after the other, then end."""

    def script(received: Received) -> Call | str:
        done = len(received.results)
        return calls[done] if done < len(calls) else "That is all."

    return script


def begin(walkthrough_id: str) -> Call:
    """Begin a walkthrough, or go on with it."""
    return Call("select_walkthrough", {"walkthrough_id": walkthrough_id})


def complete(step_id: str) -> Call:
    """Complete a step and ask for the next one."""
    return Call("next_walkthrough_step", {"current_step_id": step_id})


def walk(walkthrough_id: str, step_ids: Sequence[str]) -> Script:
    """List, begin, and complete each step once it was shown."""
    steps = map(complete, step_ids)
    return in_turn(Call("list_walkthroughs"), begin(walkthrough_id), *steps)


def hurry(walkthrough_id: str, *, alternating: bool) -> Script:
    """Begin, and make at once whatever call the last step result names, until none is named.

    Args:
        walkthrough_id: which one to begin.
        alternating: whether to ask for the status after each of these calls, for an assistant that
            ends a run of equal calls.
    """
    status = Call("get_walkthrough_status", {"walkthrough_id": walkthrough_id})

    def script(received: Received) -> Call | str:
        shown = [r for r in received.results if not is_named(r.tool, status.name)]
        if not shown:
            return begin(walkthrough_id)
        named = _NEXT.search(shown[-1].text)
        if not named:
            return "That is all."
        return status if alternating and received.results[-1] is shown[-1] else complete(named[1])

    return script
