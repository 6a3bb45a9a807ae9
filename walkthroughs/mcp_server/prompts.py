"""Prompts: `continue`, and one for each walkthrough on offer. Assistants show them as commands.

They have no title and no arguments, because one assistant takes the title for the command and
cuts arguments at spaces. Reading one changes nothing: its text names the call that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
    Prompt,
    PromptMessage,
    TextContent,
)

from walkthroughs.database.prepared import Prepared
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.offers import find_offer, last_open, read_offers
from walkthroughs.learning.views import Offer
from walkthroughs.mcp_server import offer_texts as words
from walkthroughs.mcp_server.call import call_of, ended_words, reader_of
from walkthroughs.mcp_server.paging import cursor_after, page_of, unavailable_error
from walkthroughs.mcp_server.prompt_names import (
    CONTINUE,
    is_prompt_name,
    prompt_name,
    suffix_of,
    suffixed_name,
)
from walkthroughs.mcp_server.tenant import TenantLookup


def continue_entry() -> Prompt:
    """Return the line of `continue`, which every list begins with."""
    return Prompt(name=CONTINUE, description=words.CONTINUE_DESCRIPTION)


@dataclass(frozen=True)
class Prompts:
    """Answers requests for prompts, on the event loop."""

    prepared: Prepared
    directory: TenantLookup

    async def list_prompts(
        self,
        ctx: Any,  # noqa: ANN401  the SDK's protocol
        params: PaginatedRequestParams | None,
    ) -> ListPromptsResult:
        """Return a page of the prompts; none while the server is switched off."""
        call, page = call_of(ctx), page_of(params)
        if not call.tenant.tools_enabled:
            return ListPromptsResult(prompts=[], cache_scope="private")
        try:
            caller = await reader_of(self.directory, call)
            if caller is None:
                raise MCPError(code=INVALID_PARAMS, message=ended_words(call))
            found = await read_offers(self.prepared, caller, page)
        except DatabaseUnavailable:
            raise unavailable_error() from None
        first = [continue_entry()] if page == 1 else []
        return ListPromptsResult(
            prompts=[*first, *map(_entry, found.offers)],
            next_cursor=cursor_after(page, has_more=found.has_more),
            cache_scope="private",
        )

    async def get_prompt(
        self,
        ctx: Any,  # noqa: ANN401  the SDK's protocol
        params: GetPromptRequestParams,
    ) -> GetPromptResult:
        """Return what the learner says by a prompt; without a learner, how to become known."""
        call = call_of(ctx)
        if call.sign_in and not call.caller.learner_id:
            return _result("", call.sign_in.refuse_in_words())
        if not (call.tenant.tools_enabled and is_prompt_name(params.name)):
            raise _unknown(params.name)
        try:
            caller = await reader_of(self.directory, call)
            if caller is None:
                return _result("", ended_words(call))
            if params.name == CONTINUE:
                return await self._continue(caller)
            offer = await self._find(caller, params.name)
        except DatabaseUnavailable:
            raise unavailable_error() from None
        if offer is None:
            raise _unknown(params.name)
        known = caller.learner_id is not None
        said = words.walkthrough_prompt(offer) if known else words.ANONYMOUS_PROMPT
        return _result(words.offer_description(offer), said)

    async def _continue(self, caller: Caller) -> GetPromptResult:
        said = words.ANONYMOUS_PROMPT
        if caller.learner_id is not None:
            said = words.continue_prompt(await last_open(self.prepared, caller))
        return _result(words.CONTINUE_DESCRIPTION, said)

    async def _find(self, caller: Caller, name: str) -> Offer | None:
        offer = await find_offer(self.prepared, caller, name, suffix_of(name))
        names = {_name(offer), suffixed_name(offer.author_id, offer.id)} if offer else ()
        return offer if name in names else None


def _entry(offer: Offer) -> Prompt:
    return Prompt(name=_name(offer), description=words.offer_description(offer))


def _name(offer: Offer) -> str:
    return prompt_name(offer.author_id, offer.id, is_oldest=offer.is_oldest)


def _result(description: str, said: str) -> GetPromptResult:
    message = PromptMessage(role="user", content=TextContent(type="text", text=said))
    return GetPromptResult(description=description or None, messages=[message])


def _unknown(name: str) -> MCPError:
    message = f'There is no prompt "{name[:80]}" here. prompts/list shows what there is.'
    return MCPError(code=INVALID_PARAMS, message=message)
