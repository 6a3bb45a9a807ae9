"""What MCP clients get while the database is away: a server that works, and says so."""

from __future__ import annotations

from typing import Any, NoReturn

from mcp.server.lowlevel import Server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from walkthroughs.mcp_server import guidance, results, tools
from walkthroughs.mcp_server.capabilities import HandrailServer
from walkthroughs.mcp_server.paging import unavailable_error
from walkthroughs.mcp_server.prompts import continue_entry
from walkthroughs.mcp_server.resources import templates
from walkthroughs.mcp_server.streams import listen_to_nothing


def build_away_server(server: Server[Any]) -> Server[Any]:
    """Return a stand-in for *server* that needs no database.

    Clients connect and list the tools as ever, so that their session goes on later:
    many give a server up whose first answer is an error. Each call answers in words. It announces
    prompts and resources, since clients ask only once what there is.
    """

    async def list_tools(_: Any, __: PaginatedRequestParams | None) -> ListToolsResult:  # noqa: ANN401  the SDK's protocol
        return ListToolsResult(tools=tools.tool_definitions())

    async def call_tool(_: Any, __: CallToolRequestParams) -> CallToolResult:  # noqa: ANN401
        return results.unavailable()

    async def list_prompts(_: Any, __: PaginatedRequestParams | None) -> ListPromptsResult:  # noqa: ANN401
        return ListPromptsResult(prompts=[continue_entry()])

    async def list_resources(_: Any, __: PaginatedRequestParams | None) -> ListResourcesResult:  # noqa: ANN401
        return ListResourcesResult(resources=[])

    async def list_templates(
        _: Any,  # noqa: ANN401
        __: PaginatedRequestParams | None,
    ) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=templates())

    async def refuse(_: Any, __: Any) -> NoReturn:  # noqa: ANN401
        raise unavailable_error()

    away: Server[Any] = HandrailServer(
        server.name,
        version=server.version,
        instructions=guidance.instructions(server.name, None, 0, None),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_prompts=list_prompts,
        on_get_prompt=refuse,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=refuse,
        on_subscriptions_listen=listen_to_nothing,
        # Without this the SDK lists the tools before each call.
        get_tool_input_schema=lambda _: None,
    )
    away.extensions = server.extensions
    return away
