"""Scripts: how a model behaves, from what it has received so far to its next call."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.assistants.stand_ins import Call, Received, Script

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


def hurry(walkthrough_id: str) -> Script:
    """Begin, and make at once whatever call the last result names, until none is named."""

    def script(received: Received) -> Call | str:
        if not received.results:
            return begin(walkthrough_id)
        named = _NEXT.search(received.results[-1].text)
        return complete(named[1]) if named else "That is all."

    return script
