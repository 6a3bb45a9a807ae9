"""Answer common calls on the event loop: one statement, and texts from memory.

Each function returns none where something is unusual, or where nothing would be answered but an
error: the tool in `tools` then does the call from the start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from mcp.types import CallToolResult

from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.errors import HandrailError
from walkthroughs.learning.answers import live_step
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.shown_again import repeat, resume
from walkthroughs.learning.stored_place import place_view
from walkthroughs.mcp_server.arguments import (
    GetWalkthroughStatus,
    SelectWalkthrough,
    parse_arguments,
)
from walkthroughs.mcp_server.places import Places
from walkthroughs.mcp_server.results import step_result
from walkthroughs.mcp_server.status_result import status_result


async def answer_repeated(places: Places, caller: Caller, step_id: str) -> CallToolResult | None:
    """Answer a step call that moves nobody: the step is done already, or still ahead.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    view = await repeat(places.prepared, places.cache, caller, step_id)
    return step_result(view, caller.base_address) if view else None


async def answer_shortly(
    places: Places, caller: Caller, name: str, arguments: dict[str, Any]
) -> CallToolResult | None:
    """Answer a call to take a walkthrough up again, or for how far the learner is.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    answer = _ANSWERS.get(name)
    if answer is None or caller.learner_id is None:
        return None
    try:
        return await answer(places, caller, arguments)
    except DatabaseUnavailable:
        raise
    except HandrailError:
        return None


async def _select(
    places: Places, caller: Caller, arguments: dict[str, Any]
) -> CallToolResult | None:
    given = parse_arguments(SelectWalkthrough, "select_walkthrough", arguments)
    published = places.cache.latest(given.walkthrough_id)
    if published is None or not given.resume_if_exists:
        return None
    view = await resume(places.prepared, caller, published)
    return step_result(view, caller.base_address) if view else None


async def _status(
    places: Places, caller: Caller, arguments: dict[str, Any]
) -> CallToolResult | None:
    given = parse_arguments(GetWalkthroughStatus, "get_walkthrough_status", arguments)
    found = await places.find(caller, given.walkthrough_id)
    if found is None:
        return None
    published, place = found
    named = live_step(published, given.step_id, given.position)
    return status_result(place_view(published, place, named), caller.base_address)


_ANSWERS: dict[str, Callable[[Places, Caller, dict[str, Any]], Awaitable[CallToolResult | None]]]
_ANSWERS = {"select_walkthrough": _select, "get_walkthrough_status": _status}
