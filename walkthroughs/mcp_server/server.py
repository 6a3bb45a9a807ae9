"""The MCP server of the process: one for all tenants, each call scoped to its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from walkthroughs.database.prepared import Prepared
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.learning import answers
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.catalog import LIST_ALL, LIST_FOUND
from walkthroughs.learning.fast_path import ADVANCE
from walkthroughs.learning.offers import FIND_OFFERED, LAST_OPEN, OFFERED_PAGE
from walkthroughs.learning.shown_again import REPEAT, RESUME
from walkthroughs.learning.stored_place import READ_PLACE
from walkthroughs.learning.views import FastStep
from walkthroughs.mcp_server import guidance, results, step_card, tools
from walkthroughs.mcp_server.authorization import add_security_schemes
from walkthroughs.mcp_server.call import Attempt, Call, call_of, caller_now
from walkthroughs.mcp_server.capabilities import HandrailServer, refuse_subscription
from walkthroughs.mcp_server.last_call import NOTE_CALL, CallNotes
from walkthroughs.mcp_server.places import Places
from walkthroughs.mcp_server.prompts import Prompts
from walkthroughs.mcp_server.resources import Resources
from walkthroughs.mcp_server.short_calls import answer_shortly, attempt_call
from walkthroughs.mcp_server.step_call import STEP_TOOL, fast_step_id
from walkthroughs.mcp_server.streams import Streams
from walkthroughs.mcp_server.tenant import OFFERED, Tenant, TenantLookup
from walkthroughs.mcp_server.traced_calls import traced
from walkthroughs.metrics import Metrics

if TYPE_CHECKING:
    from walkthroughs.serving.traces import Traces

#: What the server asks the database on the event loop.
STATEMENTS = (
    OFFERED,
    ADVANCE,
    LIST_ALL,
    LIST_FOUND,
    REPEAT,
    RESUME,
    READ_PLACE,
    NOTE_CALL,
    OFFERED_PAGE,
    FIND_OFFERED,
    LAST_OPEN,
)
_SERVER_INFO = "io.modelcontextprotocol/serverInfo"
_VERSION = "0.1.0"


def build_server(
    places: Places,
    directory: TenantLookup,
    metrics: Metrics,
    streams: Streams,
    traces: Traces | None = None,
) -> Server[Any]:
    """Return the server with all that it offers; it works behind the endpoint only."""
    prepared = places.prepared
    calls = _Calls(places, directory)
    prompts = Prompts(prepared, directory)
    resources = Resources(prepared, directory, places)

    async def list_tools(ctx: Any, _: PaginatedRequestParams | None) -> ListToolsResult:  # noqa: ANN401
        enabled = call_of(ctx).tenant.tools_enabled
        return ListToolsResult(tools=tools.tool_definitions() if enabled else [])

    async def call_tool(ctx: Any, params: CallToolRequestParams) -> CallToolResult:  # noqa: ANN401
        call = call_of(ctx)
        if not (call.tenant.tools_enabled and tools.is_announced(params.name)):
            message = f'There is no tool "{params.name[:80]}" here. tools/list shows what there is.'
            raise MCPError(code=INVALID_PARAMS, message=message)
        began = call.attempt.began if call.attempt else None
        with metrics.tool_call(params.name, began) as counted:
            result = await calls.run(call, params)
            counted.outcome = results.outcome_of(result)
        return result

    server: Server[Any] = HandrailServer(
        "Handrail",
        version=_VERSION,
        on_list_tools=list_tools,
        on_call_tool=traced(call_tool, traces, tools.is_announced) if traces else call_tool,
        on_list_prompts=prompts.list_prompts,
        on_get_prompt=prompts.get_prompt,
        on_list_resources=resources.list_resources,
        on_list_resource_templates=resources.list_templates,
        on_read_resource=resources.read_resource,
        on_subscribe_resource=refuse_subscription,
        on_subscriptions_listen=streams.listen,
        # Without this the SDK lists the tools before each call.
        get_tool_input_schema=lambda _: None,
    )
    server.extensions = step_card.EXTENSIONS
    # The SDK's tracing costs time also where nobody takes traces: ours is above. The tenant's name
    # and words take its place.
    server.middleware[:] = [_identity_adder(prepared)]
    return server


@dataclass(frozen=True)
class _Calls:
    """Runs the tools: common calls on the event loop, all else in a thread."""

    places: Places
    directory: TenantLookup

    async def run(self, call: Call, params: CallToolRequestParams) -> CallToolResult:
        name, arguments = params.name, params.arguments or {}
        if call.sign_in and not call.caller.learner_id and name not in tools.anonymous_tools():
            return call.sign_in.refuse()
        try:
            if result := await self._shortly(call, name, arguments):
                return result
            if call.is_step_call:
                caller = await caller_now(self.directory, call)
                if caller is None:
                    return _ended(call)
                call = replace(call, caller=caller)
            if call.attempt is None and (
                short := await answer_shortly(self.places, call.caller, name, arguments)
            ):
                return short.make()
        except DatabaseUnavailable:
            return results.unavailable()
        return await self._run_tool(call, name, arguments)

    async def _shortly(
        self, call: Call, name: str, arguments: dict[str, Any]
    ) -> CallToolResult | None:
        """Answer what was tried before the SDK read the call, or a step call; none if unusual."""
        attempt = call.attempt
        if attempt is None:
            if call.caller.learner_id is None or fast_step_id(name, arguments) is None:
                return None
            attempt = await attempt_call(self.places, call.caller, name, arguments)
        if attempt.unavailable is not None:
            raise attempt.unavailable
        if attempt.moved is not None:
            return await self._moved(call.caller, attempt, attempt.moved)
        return attempt.answer.make() if attempt.answer else None

    async def _moved(self, caller: Caller, attempt: Attempt, moved: FastStep) -> CallToolResult:
        """Answer an ordinary step call, from memory if its version was read before."""
        view = answers.cached_view(self.places.cache, moved)
        attempt.is_from_memory = view is not None
        if view is None:
            organization, version = caller.organization_id, (moved.version, moved.digest)
            await self.places.version(organization, moved.walkthrough_id, *version)
            view = answers.cached_view(self.places.cache, moved)
        if view is not None:
            return results.step_result(view, caller.base_address)
        # A newer version has been published since.
        work = partial(
            tools.after_fast_step, self.places.database, self.places.cache, caller, moved
        )
        return await self._in_thread(work)

    async def _run_tool(self, call: Call, name: str, arguments: dict[str, Any]) -> CallToolResult:
        """Run the tool; once more if the learner has been merged with another one meanwhile."""

        def work(caller: Caller) -> Callable[[], CallToolResult]:
            return partial(
                tools.call, self.places.database, self.places.cache, caller, name, arguments
            )

        result = await self._in_thread(work(call.caller))
        if not result.is_error or not call.caller.learner_id or result == results.unavailable():
            return result
        # An error changed nothing. Whose the link is may have been known for two seconds.
        try:
            caller = await caller_now(self.directory, call)
        except DatabaseUnavailable:
            return results.unavailable()
        if caller is None:
            return _ended(call)
        return result if caller == call.caller else await self._in_thread(work(caller))

    async def _in_thread(self, work: Callable[[], CallToolResult]) -> CallToolResult:
        try:
            return await self.places.threads.run(work)
        except DatabaseUnavailable:
            return results.unavailable()


def _ended(call: Call) -> CallToolResult:
    """Answer that the link or the sign-in has ended since it was last looked up."""
    return call.sign_in.refuse() if call.sign_in else results.link_ended()


def _identity_adder(prepared: Prepared) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return the middleware that answers in the tenant's name and instructs who connects."""
    notes = CallNotes(prepared)

    async def add_server_identity(ctx: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:  # noqa: ANN401  SDK protocol
        result = await call_next(ctx)
        if not isinstance(result, dict):
            return result
        call = call_of(ctx)
        tenant = call.tenant
        await notes.note(tenant.organization_id, tenant.server_id, ctx, result)
        if ctx.method in {"initialize", "server/discover"}:
            result["instructions"] = await _instructions(prepared, tenant)
        if ctx.method == "tools/list" and call.sign_in and call.sign_in.reads_results:
            add_security_schemes(result, tools.anonymous_tools())
        for info in (result.get("serverInfo"), (result.get("_meta") or {}).get(_SERVER_INFO)):
            if info is not None:
                info["name"] = info["title"] = tenant.name
        return result

    return add_server_identity


async def _instructions(prepared: Prepared, tenant: Tenant) -> str:
    titles, total = None, 0
    if tenant.tools_enabled:
        with suppress(DatabaseUnavailable):  # the rest of the words is true without the titles
            found = await prepared.fetch(OFFERED, tenant.organization_id, tenant.server_id)
            titles, total = found or ([], 0)
    return guidance.instructions(tenant.name, titles, total, tenant.instructions)


def is_step_call(body: bytes) -> bool:
    """Return whether *body* may be a call whose own statement checks the link. Cheap."""
    return STEP_TOOL.encode() in body
