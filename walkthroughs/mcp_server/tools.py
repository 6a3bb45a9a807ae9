"""The five tools. Read top to bottom, this is what the product does for an assistant.

Each one checks its arguments, calls one function of the domain in a worker
thread, and returns the same facts as text and as structured content.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import psycopg2
from mcp.types import CallToolResult, TextContent, Tool, ToolAnnotations
from pydantic import TypeAdapter
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from walkthroughs import catalog, progress
from walkthroughs.caller import Caller
from walkthroughs.db import Database
from walkthroughs.errors import HandrailError
from walkthroughs.mcp_server import texts
from walkthroughs.mcp_server.arguments import (
    Arguments,
    GetWalkthroughStatus,
    ListWalkthroughs,
    NextWalkthroughStep,
    ResetWalkthroughProgress,
    SelectWalkthrough,
    check,
)
from walkthroughs.step_view import Card, StatusView, StepView

_AWAY = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
)


@dataclass(frozen=True)
class Catalogue:
    """The answer of list_walkthroughs."""

    walkthroughs: list[Card]


@dataclass(frozen=True)
class ResetAnswer:
    """The answer of reset_walkthrough_progress."""

    reset: bool


@dataclass(frozen=True)
class _Tool:
    """A tool: how it is announced, and what it does."""

    description: str
    arguments: type[Arguments]
    answer: type
    run: Callable[[Database, Caller, Any], CallToolResult]
    hints: ToolAnnotations
    needs_learner: bool = True


def call(
    database: Database, caller: Caller, name: str, given: dict[str, Any] | None
) -> CallToolResult:
    """Run a tool that `announced` names. Trouble that a caller can act on is in the result."""
    tool = _tools()[name]
    try:
        arguments = check(tool.arguments, name, given)
        if tool.needs_learner and caller.learner_id is None:
            return _trouble(texts.ANONYMOUS)
        return tool.run(database, caller, arguments)
    except HandrailError as error:
        return _trouble(str(error))
    except _AWAY:
        return _trouble(texts.UNAVAILABLE)


@cache
def announced() -> list[Tool]:
    """Return the tools as tools/list shows them."""
    return [
        Tool(
            name=name,
            title=name.replace("_", " ").capitalize(),
            description=tool.description,
            input_schema=_input_schema(tool.arguments),
            output_schema=TypeAdapter(tool.answer).json_schema(mode="serialization"),
            annotations=tool.hints,
        )
        for name, tool in _tools().items()
    ]


def _input_schema(arguments: type[Arguments]) -> dict[str, Any]:
    schema = arguments.model_json_schema()
    schema.pop("description", None)
    return {"type": "object", "properties": {}, "required": [], **schema}


def _list(database: Database, caller: Caller, _: ListWalkthroughs) -> CallToolResult:
    cards = catalog.list_walkthroughs(database, caller)
    return _answer(texts.list_text(cards), asdict(Catalogue(cards)))


def _select(database: Database, caller: Caller, given: SelectWalkthrough) -> CallToolResult:
    view = progress.select(database, caller, given.walkthrough_id, resume=given.resume_if_exists)
    return step_answer(view)


def _next(database: Database, caller: Caller, given: NextWalkthroughStep) -> CallToolResult:
    return step_answer(progress.advance(database, caller, given.current_step_id))


def _status(database: Database, caller: Caller, given: GetWalkthroughStatus) -> CallToolResult:
    view = progress.status(database, caller, given.walkthrough_id)
    return _answer(texts.status_text(view), asdict(view))


def _reset(database: Database, caller: Caller, given: ResetWalkthroughProgress) -> CallToolResult:
    if not given.confirm:
        progress.status(database, caller, given.walkthrough_id)  # unknown is said either way
        return _answer(texts.not_confirmed_text(given.walkthrough_id), {"reset": False})
    walkthrough = progress.reset(database, caller, given.walkthrough_id)
    return _answer(texts.reset_text(walkthrough), {"reset": True})


def step_answer(view: StepView) -> CallToolResult:
    """Return a step view. Written out, since `asdict` copies deeply on the hot path."""
    facts = {
        "walkthrough": vars(view.walkthrough),
        "step": vars(view.step) if view.step else None,
        "progress": vars(view.progress),
        "notice": view.notice,
    }
    return _answer(texts.step_text(view), facts)


def _answer(text: str, facts: dict[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=facts)


def _trouble(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)


def _hints(
    *, read_only: bool = False, destructive: bool = False, idempotent: bool = True
) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=False,
    )


@cache
def _tools() -> dict[str, _Tool]:
    return {
        "list_walkthroughs": _Tool(
            "List all available walkthroughs for this MCP server",
            ListWalkthroughs,
            Catalogue,
            _list,
            _hints(read_only=True),
            needs_learner=False,
        ),
        "select_walkthrough": _Tool(
            "Start or resume a specific walkthrough",
            SelectWalkthrough,
            StepView,
            _select,
            # With resume_if_exists false it discards completions.
            _hints(destructive=True),
        ),
        "next_walkthrough_step": _Tool(
            "Get the next step in the current walkthrough",
            NextWalkthroughStep,
            StepView,
            _next,
            # Without current_step_id a repeated call moves on again.
            _hints(idempotent=False),
        ),
        "get_walkthrough_status": _Tool(
            "Gets the current progress for a given walkthrough, including completed steps.",
            GetWalkthroughStatus,
            StatusView,
            _status,
            _hints(read_only=True),
        ),
        "reset_walkthrough_progress": _Tool(
            "Resets all progress for a specific walkthrough for the current user. "
            "This action is irreversible.",
            ResetWalkthroughProgress,
            ResetAnswer,
            _reset,
            _hints(destructive=True),
        ),
    }
