"""Tool calls that are traced, as part of the trace that their caller names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from mcp.types import CallToolRequestParams, CallToolResult

from walkthroughs.mcp_server import results

if TYPE_CHECKING:
    from walkthroughs.serving.traces import Traces

CallTool = Callable[[Any, CallToolRequestParams], Awaitable[CallToolResult]]


def traced(call_tool: CallTool, traces: Traces, is_announced: Callable[[str], bool]) -> CallTool:
    """Return *call_tool* with a trace of each call. Names that are not announced are not told."""

    async def traced_call(ctx: Any, params: CallToolRequestParams) -> CallToolResult:  # noqa: ANN401  SDK protocol
        tool = params.name if is_announced(params.name) else "unknown"
        with traces.tool_call(tool, _traceparent(ctx, params)) as call:
            result = await call_tool(ctx, params)
            call.outcome = results.outcome_of(result)
        return result

    return traced_call


def _traceparent(ctx: Any, params: CallToolRequestParams) -> str | None:  # noqa: ANN401
    """Return the trace that the call names: in its `_meta`, which is nearer, or in a header."""
    given = (params.meta or {}).get("traceparent")
    if isinstance(given, str):
        return given
    header: str | None = ctx.request.headers.get("traceparent")
    return header
