"""Resources: the outline of each walkthrough, and the steps that the learner has reached.

Reading one changes nothing, and is not the showing of a step that the pace counts from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS

from walkthroughs.database.prepared import Prepared
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.offers import read_offers
from walkthroughs.learning.stored_place import place_view
from walkthroughs.learning.views import Offer
from walkthroughs.mcp_server import offer_texts as words
from walkthroughs.mcp_server import step_card, texts
from walkthroughs.mcp_server.call import call_of, ended_words, reader_of
from walkthroughs.mcp_server.paging import cursor_after, page_of, unavailable_error
from walkthroughs.mcp_server.places import Places
from walkthroughs.mcp_server.prompt_names import prompt_name
from walkthroughs.mcp_server.results import step_with_addresses
from walkthroughs.mcp_server.tenant import TenantLookup

_BASE = "handrail://walkthroughs/"
_OUTLINE_TYPE, _STEP_TYPE = "text/plain", "text/markdown"
_ID = "[A-Za-z0-9_-]{1,80}"
_URI = re.compile(rf"{_BASE}({_ID})(?:/steps/({_ID}))?")
#: What the handshake versions of the protocol say of a resource that is not there.
_NOT_FOUND_BEFORE = -32002


def templates() -> list[ResourceTemplate]:
    """Return the kinds of addresses. They never depend on what is published."""
    return [
        ResourceTemplate(
            name="walkthrough",
            uri_template=f"{_BASE}{{walkthrough_id}}",
            description="The steps of a walkthrough, and how far the learner is.",
            mime_type=_OUTLINE_TYPE,
        ),
        ResourceTemplate(
            name="step",
            uri_template=f"{_BASE}{{walkthrough_id}}/steps/{{step_id}}",
            description="The text of a step that the learner has reached.",
            mime_type=_STEP_TYPE,
        ),
    ]


@dataclass(frozen=True)
class Resources:
    """Answers requests for resources: on the event loop, unless texts are not in memory yet."""

    prepared: Prepared
    directory: TenantLookup
    places: Places

    async def list_resources(
        self,
        ctx: Any,  # noqa: ANN401  the SDK's protocol
        params: PaginatedRequestParams | None,
    ) -> ListResourcesResult:
        """Return a page of the walkthroughs, the first one with the step card.

        Nothing is listed while the server is switched off.
        """
        call, page = call_of(ctx), page_of(params)
        if not call.tenant.tools_enabled:
            return ListResourcesResult(resources=[], cache_scope="private")
        try:
            caller = await reader_of(self.directory, call)
            if caller is None:
                raise MCPError(code=INVALID_PARAMS, message=ended_words(call))
            found = await read_offers(self.prepared, caller, page)
        except DatabaseUnavailable:
            raise unavailable_error() from None
        card = [step_card.card_entry()] if page == 1 else []
        return ListResourcesResult(
            resources=[*map(_entry, found.offers), *card],
            next_cursor=cursor_after(page, has_more=found.has_more),
            cache_scope="private",
        )

    async def list_templates(
        self,
        ctx: Any,  # noqa: ANN401  the SDK's protocol
        params: PaginatedRequestParams | None,
    ) -> ListResourceTemplatesResult:
        """Return the kinds of addresses; none while the server is switched off."""
        page_of(params)
        found = templates() if call_of(ctx).tenant.tools_enabled else []
        return ListResourceTemplatesResult(resource_templates=found, cache_scope="private")

    async def read_resource(
        self,
        ctx: Any,  # noqa: ANN401  the SDK's protocol
        params: ReadResourceRequestParams,
    ) -> ReadResourceResult:
        """Return an outline, a step that the learner has reached, or the step card."""
        call = call_of(ctx)
        if step_card.is_card(params.uri) and call.tenant.tools_enabled:
            return step_card.read_card(params.uri, call.caller.base_address)
        if call.sign_in and not call.caller.learner_id:
            raise MCPError(code=INVALID_PARAMS, message=call.sign_in.refuse_in_words())
        if call.caller.learner_id is None:
            raise MCPError(code=INVALID_PARAMS, message=texts.ANONYMOUS)
        named = _URI.fullmatch(params.uri)
        read = None
        if call.tenant.tools_enabled and named:
            try:
                caller = await reader_of(self.directory, call)
                if caller is None:
                    raise MCPError(code=INVALID_PARAMS, message=ended_words(call))
                read = await self._read(caller, named[1], named[2])
            except DatabaseUnavailable:
                raise unavailable_error() from None
        if read is None:
            before = ctx.protocol_version in HANDSHAKE_PROTOCOL_VERSIONS
            code = _NOT_FOUND_BEFORE if before else INVALID_PARAMS
            message = words.NO_RESOURCE.format(uri=params.uri[:200])
            raise MCPError(code=code, message=message, data={"uri": params.uri[:200]})
        kind, text = read
        content = TextResourceContents(uri=params.uri, mime_type=kind, text=text)
        return ReadResourceResult(contents=[content], cache_scope="private")

    async def _read(
        self, caller: Caller, walkthrough_id: str, step_id: str | None
    ) -> tuple[str, str] | None:
        """Return the type and the text; none if there is nothing for this learner."""
        found = await self.places.find(caller, walkthrough_id)
        if found is None:
            return None
        published, place = found
        if step_id is None:
            steps = f"{_BASE}{walkthrough_id}/steps/"
            return _OUTLINE_TYPE, words.outline_text(place_view(published, place), steps)
        view = place_view(published, place, published.by_id.get(step_id))
        if view.step is None:
            return None
        step = view.step
        if step.id in published.with_pictures:
            step = step_with_addresses(step, caller.base_address)
        return _STEP_TYPE, words.step_page(view, step)


def _entry(offer: Offer) -> Resource:
    return Resource(
        name=prompt_name(offer.author_id, offer.id, is_oldest=offer.is_oldest),
        title=words.short(offer.title),
        uri=f"{_BASE}{offer.id}",
        description=words.offer_description(offer),
        mime_type=_OUTLINE_TYPE,
    )
