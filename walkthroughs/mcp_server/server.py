"""The MCP server of the process: one for all tenants, each call scoped to its own."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from walkthroughs.database.pool import Database
from walkthroughs.database.prepared import Prepared
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.learning import answers
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.fast_path import ADVANCE, advance_fast
from walkthroughs.learning.offers import FIND_OFFERED, LAST_OPEN, OFFERED_PAGE
from walkthroughs.learning.stored_place import READ_PLACE
from walkthroughs.mcp_server import guidance, results, step_card, tools
from walkthroughs.mcp_server.arguments import ID_PATTERN
from walkthroughs.mcp_server.authorization import add_security_schemes
from walkthroughs.mcp_server.call import Call, call_of, caller_now
from walkthroughs.mcp_server.last_call import NOTE_CALL, CallNotes
from walkthroughs.mcp_server.prompts import Prompts
from walkthroughs.mcp_server.resources import Resources
from walkthroughs.mcp_server.tenant import OFFERED, Tenant, TenantLookup
from walkthroughs.mcp_server.threads import Threads
from walkthroughs.mcp_server.traced_calls import traced
from walkthroughs.metrics import Metrics

if TYPE_CHECKING:
    from walkthroughs.serving.traces import Traces

#: What the server asks the database on the event loop.
STATEMENTS = (OFFERED, ADVANCE, NOTE_CALL, OFFERED_PAGE, FIND_OFFERED, LAST_OPEN, READ_PLACE)
_SERVER_INFO = "io.modelcontextprotocol/serverInfo"
_VERSION = "0.1.0"


def build_server(
    database: Database,
    limiter: CapacityLimiter,
    prepared: Prepared,
    directory: TenantLookup,
    metrics: Metrics,
    traces: Traces | None = None,
) -> Server[Any]:
    """Return the server with all that it offers; it works behind the endpoint only."""
    cache, threads = ContentCache(), Threads(limiter)
    calls = _Calls(database, threads, prepared, directory, cache)
    prompts = Prompts(prepared, directory)
    resources = Resources(database, prepared, directory, threads, cache)

    async def list_tools(ctx: Any, _: PaginatedRequestParams | None) -> ListToolsResult:  # noqa: ANN401
        enabled = call_of(ctx).tenant.tools_enabled
        return ListToolsResult(tools=tools.tool_definitions() if enabled else [])

    async def call_tool(ctx: Any, params: CallToolRequestParams) -> CallToolResult:  # noqa: ANN401
        call = call_of(ctx)
        if not (call.tenant.tools_enabled and tools.is_announced(params.name)):
            message = f'There is no tool "{params.name[:80]}" here. tools/list shows what there is.'
            raise MCPError(code=INVALID_PARAMS, message=message)
        with metrics.tool_call(params.name) as counted:
            result = await calls.run(call, params)
            counted.outcome = results.outcome_of(result)
        return result

    server: Server[Any] = Server(
        "Handrail",
        version=_VERSION,
        on_list_tools=list_tools,
        on_call_tool=traced(call_tool, traces, tools.is_announced) if traces else call_tool,
        on_list_prompts=prompts.list_prompts,
        on_get_prompt=prompts.get_prompt,
        on_list_resources=resources.list_resources,
        on_list_resource_templates=resources.list_templates,
        on_read_resource=resources.read_resource,
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
    """Runs the tools: the ordinary step on the event loop, all else in a thread."""

    database: Database
    threads: Threads
    prepared: Prepared
    directory: TenantLookup
    cache: ContentCache

    async def run(self, call: Call, params: CallToolRequestParams) -> CallToolResult:
        name, arguments = params.name, params.arguments or {}
        moved = None
        if call.sign_in and not call.caller.learner_id and name not in tools.anonymous_tools():
            return call.sign_in.refuse()
        try:
            if call.caller.learner_id and (step_id := fast_step_id(name, arguments)):
                moved = await advance_fast(self.prepared, call.caller, step_id)
            if moved and (view := answers.cached_view(self.cache, moved)):
                return results.step_result(view, call.caller.base_address)
            if not moved and call.is_step_call:
                caller = await caller_now(self.directory, call)
                if caller is None:
                    return _ended(call)
                call = replace(call, caller=caller)
        except DatabaseUnavailable:
            return results.unavailable()
        if moved:
            return await self._in_thread(
                partial(tools.after_fast_step, self.database, self.cache, call.caller, moved)
            )
        return await self._run_tool(call, name, arguments)

    async def _run_tool(self, call: Call, name: str, arguments: dict[str, Any]) -> CallToolResult:
        """Run the tool; once more if the learner has been merged with another one meanwhile."""

        def work(caller: Caller) -> Callable[[], CallToolResult]:
            return partial(tools.call, self.database, self.cache, caller, name, arguments)

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
            return await self.threads.run(work)
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
    return b"next_walkthrough_step" in body


def fast_step_id(name: str, arguments: dict[str, Any]) -> str | None:
    """Return the step that the call completes, if it is such a call and well formed."""
    if name != "next_walkthrough_step" or arguments.keys() != {"current_step_id"}:
        return None
    step_id = arguments["current_step_id"]
    return step_id if isinstance(step_id, str) and re.fullmatch(ID_PATTERN, step_id) else None
