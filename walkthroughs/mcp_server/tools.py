"""The five tools. Read top to bottom, this is what the product does for an assistant.

Each one checks its arguments, calls one function of the domain in a worker thread, and returns one
text that is complete by itself. The same facts for programs stand in the result's `_meta`, which
hardly any client shows its model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mcp.types import CallToolResult, Tool, ToolAnnotations
from pydantic import TypeAdapter

from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.errors import HandrailError
from walkthroughs.learning import catalog, progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.views import FastStep, StatusView
from walkthroughs.mcp_server import guidance, step_card, texts
from walkthroughs.mcp_server.arguments import (
    Arguments,
    GetWalkthroughStatus,
    ListWalkthroughs,
    NextWalkthroughStep,
    ResetWalkthroughProgress,
    SelectWalkthrough,
    input_schema,
    parse_arguments,
)
from walkthroughs.mcp_server.results import (
    error_result,
    list_result,
    step_result,
    text_result,
    unavailable,
)
from walkthroughs.mcp_server.status_result import status_result

#: Claude Code saves a longer result to a file. A step has 64 KiB at most.
_MAX_RESULT_CHARACTERS = 100_000


@dataclass(frozen=True)
class _Tool:
    """A tool: how it is announced, and what it does.

    Attributes:
        always_loaded: whether Claude Code shows it to the model without a search for it.
        output: the type of its structured content, if it has any.
        has_card: whether the step card shows its result.
    """

    title: str
    description: str
    arguments: type[Arguments]
    run: Callable[[Database, ContentCache, Caller, Any], CallToolResult]
    hints: ToolAnnotations
    needs_learner: bool = True
    always_loaded: bool = True
    output: type | None = None
    has_card: bool = False


@cache
def anonymous_tools() -> frozenset[str]:
    """Return the names of the tools that anybody may use."""
    return frozenset(name for name, tool in _tools().items() if not tool.needs_learner)


def call(
    database: Database, cache: ContentCache, caller: Caller, name: str, given: dict[str, Any] | None
) -> CallToolResult:
    """Run a tool that `announced` names. Trouble that a caller can act on is in the result."""
    tool = _tools()[name]

    def run() -> CallToolResult:
        arguments = parse_arguments(tool.arguments, name, given)
        if tool.needs_learner and caller.learner_id is None:
            return error_result(texts.ANONYMOUS)
        return tool.run(database, cache, caller, arguments)

    return _answered(run)


def after_fast_step(
    database: Database, cache: ContentCache, caller: Caller, moved: FastStep
) -> CallToolResult:
    """Answer an ordinary step call when a newer version has been published since it moved."""
    base = caller.base_address
    return _answered(
        lambda: step_result(progress.read_view_of(database, cache, caller, moved), base)
    )


def _answered(run: Callable[[], CallToolResult]) -> CallToolResult:
    try:
        return run()
    except DatabaseUnavailable:
        return unavailable()
    except HandrailError as error:
        return error_result(str(error))


def is_announced(name: str) -> bool:
    """Return whether there is such a tool."""
    return name in _tools()


@cache
def tool_definitions() -> list[Tool]:
    """Return the tools as tools/list shows them. They never depend on what is published."""
    return [_announce(name, tool) for name, tool in _tools().items()]


def _announce(name: str, tool: _Tool) -> Tool:
    meta: dict[str, Any] = {"anthropic/maxResultSizeChars": _MAX_RESULT_CHARACTERS}
    if tool.always_loaded:
        meta["anthropic/alwaysLoad"] = True
    if tool.has_card:
        meta |= step_card.tool_meta()
    return Tool(
        name=name,
        title=tool.title,
        description=tool.description,
        input_schema=input_schema(tool.arguments),
        output_schema=_output_schema(tool.output) if tool.output else None,
        annotations=tool.hints,
        _meta=meta,
    )


def _output_schema(output: type) -> dict[str, Any]:
    schema = TypeAdapter(output).json_schema(mode="serialization")
    schema["properties"] = {"next": {"type": "string"}, **schema["properties"]}
    schema["required"] = ["next", *schema["required"]]
    return schema


def _list(
    database: Database, _cache: ContentCache, caller: Caller, given: ListWalkthroughs
) -> CallToolResult:
    page = catalog.list_walkthroughs(database, caller, query=given.query, page=given.page)
    return list_result(page, given.query)


def _select(
    database: Database, cache: ContentCache, caller: Caller, given: SelectWalkthrough
) -> CallToolResult:
    view = progress.select(
        database, cache, caller, given.walkthrough_id, resume=given.resume_if_exists
    )
    return step_result(view, caller.base_address)


def _next(
    database: Database, cache: ContentCache, caller: Caller, given: NextWalkthroughStep
) -> CallToolResult:
    view = progress.advance(database, cache, caller, given.current_step_id)
    # Who cannot name the step may not have seen it: the answer that showed it may be lost.
    has_step = given.current_step_id is not None
    return step_result(view, caller.base_address, has_step=has_step)


def _status(
    database: Database, cache: ContentCache, caller: Caller, given: GetWalkthroughStatus
) -> CallToolResult:
    view = progress.status(
        database,
        cache,
        caller,
        given.walkthrough_id,
        step_id=given.step_id,
        position=given.position,
    )
    return status_result(view, caller.base_address)


def _reset(
    database: Database, cache: ContentCache, caller: Caller, given: ResetWalkthroughProgress
) -> CallToolResult:
    if not given.confirm:
        view = progress.status(database, cache, caller, given.walkthrough_id)
        return text_result(texts.not_confirmed_text(view), {"reset": False})
    walkthrough = progress.reset(database, cache, caller, given.walkthrough_id)
    return text_result(texts.reset_text(walkthrough.title, walkthrough.id), {"reset": True})


def _hints(
    *, read_only: bool = False, destructive: bool = False, idempotent: bool = True
) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=read_only, destructive_hint=destructive, idempotent_hint=idempotent,
        open_world_hint=False,
    )  # fmt: skip


@cache
def _tools() -> dict[str, _Tool]:
    return {
        "list_walkthroughs": _Tool(
            "List walkthroughs",
            guidance.LIST,
            ListWalkthroughs,
            _list,
            _hints(read_only=True),
            needs_learner=False,
        ),
        "select_walkthrough": _Tool(
            "Start or resume a walkthrough",
            guidance.SELECT,
            SelectWalkthrough,
            _select,
            # An attempt that ends is kept; repeated, nothing is completed yet, so none ends.
            _hints(),
            has_card=True,
        ),
        "next_walkthrough_step": _Tool(
            "Next step",
            guidance.NEXT,
            NextWalkthroughStep,
            _next,
            # Without current_step_id, a call repeated after the pace moves on again.
            _hints(idempotent=False),
            has_card=True,
        ),
        "get_walkthrough_status": _Tool(
            "Progress in a walkthrough",
            guidance.STATUS,
            GetWalkthroughStatus,
            _status,
            _hints(read_only=True),
            always_loaded=False,
            output=StatusView,
        ),
        "reset_walkthrough_progress": _Tool(
            "Delete all progress",
            guidance.RESET,
            ResetWalkthroughProgress,
            _reset,
            _hints(destructive=True),
            always_loaded=False,
        ),
    }
