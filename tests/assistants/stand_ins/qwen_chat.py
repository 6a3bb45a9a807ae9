"""Chat completions as Qwen Code speaks them: it shows tools of MCP servers by name only."""

from __future__ import annotations

import json
import re

from starlette.responses import Response

from tests.assistants.stand_ins.base import Call, Json, Received, Result, Tool
from tests.assistants.stand_ins.openai_chat import OpenAiChat

#: With one the model reads a tool's description, with the other it calls the tool.
_SEARCH, _CALL = "tool_search", "tool_call"


class QwenChat(OpenAiChat):
    """Speaks chat completions; reviews and calls the tools that are known by name only."""

    def read(self, body: Json) -> Received:
        received = super().read(body)
        reviewed = [r.text for r in received.results if r.tool == _SEARCH]
        tools = [*received.tools, *(tool for text in reviewed for tool in _declared(text))]
        calls = [c for m in body["messages"] for c in m.get("tool_calls") or []]
        used = [
            json.loads(c["function"]["arguments"])["name"]
            for c in calls
            if c["function"]["name"] == _CALL
        ]
        texts = [r.text for r in received.results if r.tool == _CALL]
        results = [Result(name, text) for name, text in zip(used, texts, strict=False)]
        return Received(received.system, received.said, tools, results, body)

    def find(self, received: Received, call: Call) -> Json | None:
        names = re.findall(rf"mcp__\w+?__{call.name}\b", received.said + received.system)
        if not names:
            return None
        return {"name": _SEARCH, "arguments": {"query": f"select:{names[0]}"}}

    def write(self, body: Json, move: Json | str) -> Response:
        if not isinstance(move, str) and move["name"].startswith("mcp__"):
            wanted = {"name": move["name"], "arguments": move["arguments"]}
            move = {"name": _CALL, "arguments": wanted}
        return super().write(body, move)


def _declared(text: str) -> list[Tool]:
    found = re.findall(r"<function>(.*?)</function>", text, re.DOTALL)
    declared = [json.loads(each) for each in found]
    return [
        Tool(d["name"], d.get("description", ""), d.get("parametersJsonSchema") or {})
        for d in declared
    ]
