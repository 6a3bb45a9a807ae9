"""Answer common calls on the event loop: one statement, and texts from memory.

Each function returns none where something is unusual, or where nothing would be answered but an
error: the tool in `tools` then does the call from the start.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from typing import Any

from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.errors import HandrailError
from walkthroughs.learning.answers import live_step
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.catalog import read_catalog
from walkthroughs.learning.content_cache import PublishedVersion
from walkthroughs.learning.fast_path import advance_fast
from walkthroughs.learning.shown_again import repeat, resume
from walkthroughs.learning.stored_place import place_view
from walkthroughs.learning.views import StepView
from walkthroughs.mcp_server.arguments import (
    GetWalkthroughStatus,
    ListWalkthroughs,
    SelectWalkthrough,
    parse_arguments,
)
from walkthroughs.mcp_server.call import Attempt, ShortAnswer
from walkthroughs.mcp_server.places import Places
from walkthroughs.mcp_server.results import list_result, step_result
from walkthroughs.mcp_server.status_result import status_result
from walkthroughs.mcp_server.step_call import LIST_TOOL, SELECT_TOOL, STATUS_TOOL, fast_step_id


async def attempt_call(
    places: Places, caller: Caller, name: str, arguments: dict[str, Any]
) -> Attempt:
    """Try a common call; a step call as an ordinary one, then as one that moves nobody."""
    attempt = Attempt(time.perf_counter(), is_from_memory=True)
    try:
        if (step_id := fast_step_id(name, arguments)) is None:
            attempt.answer = await answer_shortly(places, caller, name, arguments)
            return attempt
        attempt.moved = await advance_fast(places.prepared, caller, step_id)
        if attempt.moved is None:
            attempt.answer = await answer_repeated(places, caller, step_id)
    except DatabaseUnavailable as error:
        attempt.unavailable = error
    return attempt


async def answer_repeated(places: Places, caller: Caller, step_id: str) -> ShortAnswer | None:
    """Answer a step call that moves nobody: the step is done already, or still ahead.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    found = await repeat(places.prepared, places.cache, caller, step_id)
    return _shown(*found, caller) if found else None


async def answer_shortly(
    places: Places, caller: Caller, name: str, arguments: dict[str, Any]
) -> ShortAnswer | None:
    """Answer a call for the list, to take a walkthrough up again, or for how far the learner is.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    answer = _ANSWERS.get(name)
    if answer is None or (caller.learner_id is None and name != LIST_TOOL):
        return None
    try:
        return await answer(places, caller, arguments)
    except DatabaseUnavailable:
        raise
    except HandrailError:
        return None


async def _list(places: Places, caller: Caller, arguments: dict[str, Any]) -> ShortAnswer:
    given = parse_arguments(ListWalkthroughs, LIST_TOOL, arguments)
    page = await read_catalog(places.prepared, caller, given.query, given.page)
    return ShortAnswer(None, lambda: list_result(page, given.query))


async def _select(places: Places, caller: Caller, arguments: dict[str, Any]) -> ShortAnswer | None:
    given = parse_arguments(SelectWalkthrough, SELECT_TOOL, arguments)
    published = places.cache.latest(given.walkthrough_id)
    if published is None or not given.resume_if_exists:
        return None
    view = await resume(places.prepared, caller, published)
    return _shown(published, view, caller) if view else None


async def _status(places: Places, caller: Caller, arguments: dict[str, Any]) -> ShortAnswer | None:
    given = parse_arguments(GetWalkthroughStatus, STATUS_TOOL, arguments)
    found = await places.find(caller, given.walkthrough_id)
    if found is None:
        return None
    published, place = found
    named = live_step(published, given.step_id, given.position)
    key = (
        STATUS_TOOL,
        published.ref.id,
        published.ref.version,
        published.digest,
        place.status,
        place.step_id,
        place.last_seen,
        _digest(place.completed_json),
        place.moved,
        place.earlier_attempts,
        named and (named.id, caller.base_address),
    )
    base = caller.base_address
    return ShortAnswer(key, lambda: status_result(place_view(published, place, named), base))


def _digest(words: str | None) -> bytes:
    """Return what stands in a key for a text that may be long."""
    return sha256((words or "").encode()).digest()


def _shown(published: PublishedVersion, view: StepView, caller: Caller) -> ShortAnswer:
    key = (
        SELECT_TOOL,
        published.ref.id,
        published.ref.version,
        published.digest,
        view.step and view.step.id,
        view.progress.completed_steps,
        view.notice,
        view.has_pictures and caller.base_address,
    )
    return ShortAnswer(key, partial(step_result, view, caller.base_address))


_ANSWERS: dict[str, Callable[[Places, Caller, dict[str, Any]], Awaitable[ShortAnswer | None]]]
_ANSWERS = {LIST_TOOL: _list, SELECT_TOOL: _select, STATUS_TOOL: _status}
