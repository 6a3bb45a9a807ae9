"""What get_walkthrough_status returns: a text, and the same as structured content."""

from __future__ import annotations

from dataclasses import replace

from mcp.types import CallToolResult, TextContent

from walkthroughs.learning.views import StatusView
from walkthroughs.mcp_server.results import step_with_addresses
from walkthroughs.mcp_server.status_text import next_sentence, status_text


def status_result(view: StatusView, base: str) -> CallToolResult:
    """Return how far the learner is. Written out, since `asdict` copies each of the steps deeply.

    Args:
        view: how far.
        base: what the addresses of pictures begin with: `Caller.base_address`.
    """
    if view.step is not None:
        view = replace(view, step=step_with_addresses(view.step, base))
    facts = {
        "next": next_sentence(view),
        **vars(view),
        "walkthrough": vars(view.walkthrough),
        "step": vars(view.step) if view.step else None,
        "steps": [vars(line) for line in view.steps],
    }
    # Structured, as the specification asks for; some clients hand the model nothing else.
    return CallToolResult(
        content=[TextContent(type="text", text=status_text(view))], structured_content=facts
    )
