"""An MCP server that answers with marks, to see which of them reach a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mcp.server.lowlevel import Server
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from tests.serving import served
from walkthroughs.mcp_server import tools

INSTRUCTIONS = (
    "mark-of-the-instructions: first line.\nAnd the last line of mark-of-the-instructions."
)
DESCRIPTION = (
    "mark-of-the-description: " + "words that say how to teach, " * 12 + "and the last one."
)
TEXT, STRUCTURED, META = "mark-of-the-text", "mark-of-the-structure", "mark-of-the-meta"
ERROR = "mark-of-the-error: wait a moment, then call again."
TITLE, HINTS_TITLE, PARAMETER = "Mark of the title", "Mark of the hints", "mark-of-the-parameter"
#: All that a way through JSON, HTML or a terminal might change.
PLAIN_TEXT = """First line, with "quotes", 'single ones' and `ticks`:

    indented <b>markup</b> & an &amp; in it, a back\\slash, \\n as it is written
\ttab, $HOME, 100 % {braces}, ünïcödé, 漢字, 😀
last line"""
PROPERTY: dict[str, Any] = {
    "type": "integer",
    "title": "Size",
    "description": PARAMETER,
    "minimum": 1,
    "maximum": 64,
    "default": 8,
}
WORD: dict[str, Any] = {"type": "string", "pattern": "^[a-z]*$", "maxLength": 9}
_LINE = 64
_META_OF_TOOLS = dict(tools.tool_definitions()[0].meta or {})


def numbered(kib: int) -> list[str]:
    """Return *kib* KiB of text: numbered lines of 64 characters, with their ends."""
    return [f"line {number:05} ".ljust(_LINE - 1, ".") for number in range(kib * 1024 // _LINE)]


@contextmanager
def serve_probe() -> Iterator[str]:
    """Serve the probe; yield its MCP address."""
    server: Server[Any] = Server(
        "probe",
        version="1",
        instructions=INSTRUCTIONS,
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
    )
    with served(server.streamable_http_app(json_response=True, stateless_http=True)) as origin:
        yield f"{origin}/mcp"


async def _list_tools(_: Any, __: PaginatedRequestParams | None) -> ListToolsResult:
    hints = ToolAnnotations(title=HINTS_TITLE, read_only_hint=True)
    nothing = {"type": "object", "properties": {}}
    size = {"type": "object", "properties": {"kib": PROPERTY, "word": WORD}, "required": ["kib"]}
    marked: Any = {"annotations": hints, "_meta": _META_OF_TOOLS}
    output = {"type": "object", "properties": {"mark": {"type": "string"}}, "required": ["mark"]}
    return ListToolsResult(
        tools=[
            Tool(name="answer_text", title=TITLE, description=DESCRIPTION, input_schema=nothing, **marked),
            Tool(name="answer_both", input_schema=nothing, output_schema=output, **marked),
            Tool(name="answer_long", input_schema=size, **marked),
            Tool(name="answer_unmarked", description=DESCRIPTION, input_schema=size),
            Tool(name="answer_error", description=DESCRIPTION, input_schema=nothing),
        ]
    )  # fmt: skip


async def _call_tool(_: Any, params: CallToolRequestParams) -> CallToolResult:
    long = "\n".join(numbered(int((params.arguments or {}).get("kib", 1))))
    text = {
        "answer_text": PLAIN_TEXT,
        "answer_both": TEXT,
        "answer_error": ERROR,
        "answer_long": long,
        "answer_unmarked": long,
    }[params.name]
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structured_content={"mark": STRUCTURED} if params.name == "answer_both" else None,
        is_error=params.name == "answer_error",
        _meta={"handrail/probe": META},
    )
