"""What MCP clients get while the database is away: a server that works, and says so."""

from __future__ import annotations

from typing import Any

from mcp.server.lowlevel import Server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from walkthroughs.mcp_server import guidance, results, tools


def build_away_server(server: Server[Any]) -> Server[Any]:
    """Return a stand-in for *server* that needs no database.

    Clients connect and list the tools as ever, so that their session goes on later:
    many give a server up whose first answer is an error. Each call answers in words.
    """

    async def list_tools(_: Any, __: PaginatedRequestParams | None) -> ListToolsResult:  # noqa: ANN401  the SDK's protocol
        return ListToolsResult(tools=tools.tool_definitions())

    async def call_tool(_: Any, __: CallToolRequestParams) -> CallToolResult:  # noqa: ANN401
        return results.unavailable()

    away: Server[Any] = Server(
        server.name,
        version=server.version,
        instructions=guidance.instructions(server.name, None, 0, None),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        # Without this the SDK lists the tools before each call.
        get_tool_input_schema=lambda _: None,
    )
    return away
