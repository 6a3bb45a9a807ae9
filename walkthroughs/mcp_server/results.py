"""What a tool returns: one text, and the same facts for programs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mcp.types import CallToolResult, TextContent

from walkthroughs.content.pictures import with_addresses
from walkthroughs.learning.views import CatalogPage, StepBody, StepView
from walkthroughs.mcp_server import texts

#: Where in a result's `_meta` the facts stand, for programs and for a card.
VIEW = "handrail/view"


def unavailable() -> CallToolResult:
    """Answer that the database is away, and that the same call will do later."""
    return error_result(texts.UNAVAILABLE)


def link_ended() -> CallToolResult:
    """Answer that the personal link has ended since it was last looked up."""
    return error_result(texts.LINK_ENDED)


def step_result(view: StepView, base: str, *, has_step: bool = True) -> CallToolResult:
    """Return a step view. Written out, since `asdict` copies deeply on the hot path.

    Args:
        view: where the learner is.
        base: what the addresses of pictures begin with: `Caller.base_address`.
        has_step: whether the assistant is known to have the text of the current step. It is then
            not repeated when the call came too soon.
    """
    if view.has_pictures and view.step:
        view = replace(view, step=step_with_addresses(view.step, base))
    facts = {
        "walkthrough": vars(view.walkthrough),
        "step": _facts_of(view.step) if view.step else None,
        "progress": vars(view.progress),
        "notice": view.notice,
    }
    short = view.hurried and has_step
    return text_result(texts.hurried_text(view) if short else texts.step_text(view), facts)


def list_result(page: CatalogPage, query: str | None) -> CallToolResult:
    """Return a page of what the server offers, or of what a *query* found."""
    facts = {
        "walkthroughs": [vars(card) for card in page.cards],
        "total": page.total,
        "page": page.page,
    }
    return text_result(texts.list_text(page, query), facts)


def _facts_of(step: StepBody) -> dict[str, Any]:
    """Return what programs are told of a step. Its texts stand in the answer's text already."""
    return {
        "id": step.id,
        "title": step.title,
        "section": step.section,
        "position": step.position,
        "verify": step.verify,  # the step card has a box to tick
    }


def step_with_addresses(step: StepBody, base: str) -> StepBody:
    """Return *step* with the addresses of the pictures that its texts name, below *base*."""
    return replace(
        step,
        content=with_addresses(step.content, base),
        agent_instructions=step.agent_instructions
        and with_addresses(step.agent_instructions, base),
        verify=step.verify and with_addresses(step.verify, base),
    )


def text_result(text: str, facts: dict[str, Any]) -> CallToolResult:
    """Return *text* as the answer, and *facts* for programs."""
    return CallToolResult(content=[TextContent(type="text", text=text)], _meta={VIEW: facts})


def error_result(text: str) -> CallToolResult:
    """Return *text* as an error that the assistant can act on."""
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)


def outcome_of(result: CallToolResult) -> str:
    """Return what operators see of a result: `ok`, `error` or `unavailable`."""
    if not result.is_error:
        return "ok"
    return "unavailable" if result == unavailable() else "error"
