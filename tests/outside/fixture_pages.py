"""Resources, prompts and completion of the conformance fixture, by the names the suite asks for."""

from __future__ import annotations

import json
import re
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    BlobResourceContents,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    EmbeddedResource,
    EmptyResult,
    GetPromptRequestParams,
    GetPromptResult,
    ImageContent,
    InputRequiredResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    Prompt,
    PromptArgument,
    PromptMessage,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
    UnsubscribeRequestParams,
)

from tests.outside.fixture_questions import PROMPT, PROMPT_QUESTION, answered, field

#: A picture of one red dot.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
_TEXTS = {
    "test://static-text": "This is the content of the static text resource.",
    "test://watched-resource": "Nothing has changed yet.",
}
_BINARY = "test://static-binary"
_TEMPLATE = re.compile(r"test://template/([^/]+)/data")

_PROMPTS = [
    Prompt(name="test_simple_prompt", description="One message, no arguments."),
    Prompt(
        name="test_prompt_with_arguments",
        description="One message with both arguments in it.",
        arguments=[
            PromptArgument(name="arg1", description="The first.", required=True),
            PromptArgument(name="arg2", description="The second.", required=True),
        ],
    ),
    Prompt(
        name="test_prompt_with_embedded_resource",
        description="Carries the resource that the argument names.",
        arguments=[PromptArgument(name="resourceUri", description="Its URI.", required=True)],
    ),
    Prompt(name="test_prompt_with_image", description="Carries an image."),
    Prompt(name=PROMPT, description="Asks for its context first."),
]


async def list_resources(_: Any, __: PaginatedRequestParams | None) -> ListResourcesResult:
    """List the static resources."""
    texts = [
        Resource(uri=uri, name=uri.removeprefix("test://"), mime_type="text/plain")
        for uri in _TEXTS
    ]
    picture = Resource(uri=_BINARY, name="static-binary", mime_type="image/png")
    return ListResourcesResult(resources=[*texts, picture])


async def list_templates(_: Any, __: PaginatedRequestParams | None) -> ListResourceTemplatesResult:
    """List the one template."""
    template = ResourceTemplate(
        uri_template="test://template/{id}/data", name="template", mime_type="application/json"
    )
    return ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(_: Any, params: ReadResourceRequestParams) -> ReadResourceResult:
    """Read a static resource or one of the template's."""
    uri = str(params.uri)
    if uri == _BINARY:
        picture = BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)
        return ReadResourceResult(contents=[picture])
    if match := _TEMPLATE.fullmatch(uri):
        kind, text = "application/json", json.dumps({"id": match[1], "templateTest": True})
    elif uri in _TEXTS:
        kind, text = "text/plain", _TEXTS[uri]
    else:
        raise MCPError(INVALID_PARAMS, f'There is no resource "{uri}".', {"uri": uri})
    return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type=kind, text=text)])


async def subscribe(_: Any, __: SubscribeRequestParams | UnsubscribeRequestParams) -> EmptyResult:
    """Say yes; these resources never change."""
    return EmptyResult()


async def list_prompts(_: Any, __: PaginatedRequestParams | None) -> ListPromptsResult:
    """List the prompts."""
    return ListPromptsResult(prompts=_PROMPTS)


async def get_prompt(
    _: Any, params: GetPromptRequestParams
) -> GetPromptResult | InputRequiredResult:
    """Fill a prompt in."""
    given = params.arguments or {}
    if params.name == PROMPT:
        if not answered(params, PROMPT_QUESTION):
            return InputRequiredResult(input_requests=PROMPT_QUESTION)
        context = field(params.input_responses or {}, "user_context", "context")
        return _prompt(_text(f"Use this context: {context}"))
    if params.name == "test_simple_prompt":
        return _prompt(_text("This is a simple prompt for testing."))
    if params.name == "test_prompt_with_arguments":
        both = f"arg1='{given.get('arg1')}', arg2='{given.get('arg2')}'"
        return _prompt(_text(f"Prompt with arguments: {both}"))
    if params.name == "test_prompt_with_embedded_resource":
        page = TextResourceContents(
            uri=given["resourceUri"], mime_type="text/plain", text="The embedded text."
        )
        embedded = EmbeddedResource(type="resource", resource=page)
        return _prompt(embedded, _text("Please process the embedded resource above."))
    if params.name == "test_prompt_with_image":
        picture = ImageContent(type="image", data=PNG, mime_type="image/png")
        return _prompt(picture, _text("Please analyze the image above."))
    raise MCPError(INVALID_PARAMS, f'There is no prompt "{params.name}".')


async def complete(_: Any, params: CompleteRequestParams) -> CompleteResult:
    """Complete what was typed to the one value there is."""
    values = [value for value in ("value",) if value.startswith(params.argument.value)]
    return CompleteResult(completion=Completion(values=values, total=len(values), has_more=False))


def _prompt(*parts: TextContent | ImageContent | EmbeddedResource) -> GetPromptResult:
    return GetPromptResult(messages=[PromptMessage(role="user", content=part) for part in parts])


def _text(text: str) -> TextContent:
    return TextContent(type="text", text=text)
