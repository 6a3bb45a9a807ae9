"""A server with the tools, resources and prompts that the conformance suite asks for by name.

It is served by the product's own endpoint, to a tenant that only the tests make.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ServerEvent,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError, NoBackChannelError
from mcp.shared.message import ServerMessageMetadata
from mcp.types import (
    INVALID_PARAMS,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    CallToolRequestParams,
    CallToolResult,
    ContentBlock,
    CreateMessageResult,
    ElicitResult,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    InputRequiredResult,
    ListToolsResult,
    LoggingMessageNotification,
    LoggingMessageNotificationParams,
    PaginatedRequestParams,
    SetLevelRequestParams,
    TextContent,
    TextResourceContents,
    Tool,
)
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS

from tests.outside import fixture_pages as pages
from tests.outside.fixture_questions import (
    CAPABILITIES,
    MULTI_ROUND,
    QUESTIONS,
    ask,
    form,
    said,
    sample,
)

#: A sound of no samples.
_WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA="
_PAUSE = 0.05  # the suite wants messages to arrive one by one
_PICTURE = ImageContent(type="image", data=pages.PNG, mime_type="image/png")

#: Tools that always say the same.
_CONSTANT: dict[str, list[ContentBlock]] = {
    "test_simple_text": [
        TextContent(type="text", text="This is a simple text response for testing.")
    ],
    "test_image_content": [_PICTURE],
    "test_audio_content": [AudioContent(type="audio", data=_WAV, mime_type="audio/wav")],
    "test_embedded_resource": [
        EmbeddedResource(
            type="resource",
            resource=TextResourceContents(
                uri="test://embedded-resource", mime_type="text/plain", text="An embedded text."
            ),
        )
    ],
    "test_multiple_content_types": [
        TextContent(type="text", text="Three kinds of content:"),
        _PICTURE,
        EmbeddedResource(
            type="resource",
            resource=TextResourceContents(
                uri="test://mixed-content-resource",
                mime_type="application/json",
                text='{"test": "data", "value": 123}',
            ),
        ),
    ],
}
_EVENTS: dict[str, ServerEvent] = {
    "test_trigger_tool_change": ToolsListChanged(),
    "test_trigger_prompt_change": PromptsListChanged(),
}
#: Tools that ask in the middle of a call, which a server without open streams cannot.
_ASKING = {
    "test_sampling": (sample("Say something", 100), CreateMessageResult),
    "test_elicitation": (form("Who are you?", username="string"), ElicitResult),
    "test_elicitation_sep1034_defaults": (form("Your name?", name="string"), ElicitResult),
    "test_elicitation_sep1330_enums": (form("Your choice?", choice="string"), ElicitResult),
}
Result = CallToolResult | InputRequiredResult


def build_fixture_server() -> Server[Any]:
    """Return a new fixture server; its events reach only its own listeners."""
    bus = InMemorySubscriptionBus()

    async def call_tool(ctx: Any, params: CallToolRequestParams) -> Result:
        if event := _EVENTS.get(params.name):
            await bus.publish(event)
            return said("Announced.")
        return await _call_tool(ctx, params)

    server: Server[Any] = Server(
        "conformance-fixture",
        version="1",
        on_list_tools=_list_tools,
        on_call_tool=call_tool,
        on_list_resources=pages.list_resources,
        on_list_resource_templates=pages.list_templates,
        on_read_resource=pages.read_resource,
        on_subscribe_resource=pages.subscribe,
        on_unsubscribe_resource=pages.subscribe,
        on_list_prompts=pages.list_prompts,
        on_get_prompt=pages.get_prompt,
        on_completion=pages.complete,
        on_subscriptions_listen=ListenHandler(bus),
    )
    # Given to the constructor, it would warn that logging is deprecated.
    server.add_request_handler("logging/setLevel", SetLevelRequestParams, _set_level)
    server.middleware.append(
        RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience=server.name)
    )
    return server


async def _call_tool(ctx: Any, params: CallToolRequestParams) -> Result:
    if params.name in _CONSTANT:
        return CallToolResult(content=_CONSTANT[params.name])
    if params.name in {*QUESTIONS, MULTI_ROUND, CAPABILITIES}:
        return ask(params, ctx.session.client_capabilities)
    if params.name in _ASKING:
        return await _ask_at_once(ctx, *_ASKING[params.name])
    if params.name in _ACTIVE:
        return await _ACTIVE[params.name](ctx, params)
    raise MCPError(INVALID_PARAMS, f'There is no tool "{params.name}".')


async def _fail(_: Any, __: CallToolRequestParams) -> CallToolResult:
    text = TextContent(type="text", text="This tool intentionally returns an error for testing")
    return CallToolResult(content=[text], is_error=True)


async def _report_progress(ctx: Any, _: CallToolRequestParams) -> CallToolResult:
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100, f"{done} of 100")
        await anyio.sleep(_PAUSE)
    return said("Done.")


async def _log(ctx: Any, _: CallToolRequestParams) -> CallToolResult:
    """Log three times to a client of the handshake versions; the others did not ask for it."""
    words = ("Tool execution started", "Tool processing data", "Tool execution completed")
    for word in words if ctx.protocol_version in HANDSHAKE_PROTOCOL_VERSIONS else ():
        message = LoggingMessageNotificationParams(level="info", data=word)
        await ctx.session.send_notification(
            LoggingMessageNotification(params=message), related_request_id=ctx.request_id
        )
        await anyio.sleep(_PAUSE)
    return said("Logged.")


async def _need_sampling(ctx: Any, _: CallToolRequestParams) -> CallToolResult:
    declared = ctx.session.client_capabilities
    if declared is None or declared.sampling is None:
        raise MCPError(
            MISSING_REQUIRED_CLIENT_CAPABILITY,
            "This tool needs a client that can sample.",
            {"requiredCapabilities": {"sampling": {}}},
        )
    return said("The client can sample.")


async def _ask_at_once(ctx: Any, question: Any, kind: Any) -> CallToolResult:
    """Ask in the middle of a call, as the handshake versions may if there is a way back."""
    here = ServerMessageMetadata(related_request_id=ctx.request_id)
    try:
        answer = await ctx.session.send_request(question, kind, metadata=here)
    except NoBackChannelError as error:
        text = TextContent(type="text", text=f"The client cannot be asked: {error}")
        return CallToolResult(content=[text], is_error=True)
    return said(answer.model_dump_json())


async def _set_level(_: Any, __: SetLevelRequestParams) -> EmptyResult:
    return EmptyResult()


_ACTIVE: dict[str, Callable[[Any, CallToolRequestParams], Awaitable[CallToolResult]]] = {
    "test_error_handling": _fail,
    "test_tool_with_progress": _report_progress,
    "test_tool_with_logging": _log,
    "test_logging_tool": _log,
    "test_missing_capability": _need_sampling,
}


async def _list_tools(_: Any, __: PaginatedRequestParams | None) -> ListToolsResult:
    names = [*_CONSTANT, *_EVENTS, *_ACTIVE, *_ASKING, *QUESTIONS, MULTI_ROUND, CAPABILITIES]
    schema = {"type": "object"}
    return ListToolsResult(
        tools=[Tool(name=n, description=f"Fixture: {n}.", input_schema=schema) for n in names]
    )
