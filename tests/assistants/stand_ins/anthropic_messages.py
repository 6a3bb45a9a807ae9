"""Anthropic's Messages API, streamed, as Claude Code speaks it."""

from __future__ import annotations

import itertools
import json
import re

from starlette.responses import JSONResponse, Response

from tests.assistants.stand_ins.base import (
    Call,
    Json,
    Received,
    Result,
    Tool,
    event_stream,
    text_of,
)

#: With it the model loads tools that it was told only the names of.
_SEARCH = "ToolSearch"


class AnthropicMessages:
    """Speaks the Messages API. Loads tools that Claude Code keeps behind its tool search."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    def is_turn(self, path: str) -> bool:
        return path == "/v1/messages"

    def read(self, body: Json) -> Received:
        messages = body.get("messages", [])
        blocks = [b for m in messages if isinstance(m["content"], list) for b in m["content"]]
        names = {b["id"]: b["name"] for b in blocks if b["type"] == "tool_use"}
        results = [
            Result(names[b["tool_use_id"]], text_of(b.get("content")))
            for b in blocks
            if b["type"] == "tool_result" and names[b["tool_use_id"]] != _SEARCH
        ]
        loaded = {name for block in blocks for name in _loaded_by(block)}
        tools = [
            Tool(t["name"], t.get("description", ""), t["input_schema"])
            for t in body.get("tools", [])
            if "input_schema" in t and (t["name"] in loaded or not t.get("defer_loading"))
        ]
        system = [text_of(body.get("system"))]
        system += [text_of(m["content"]) for m in messages if m["role"] == "system"]
        said = [text_of(m["content"]) for m in messages if m["role"] == "user"]
        return Received("\n".join(system), "\n".join(said), tools, results, body)

    def find(self, received: Received, call: Call) -> Json | None:
        names = re.findall(rf"mcp__\w+?__{call.name}\b", json.dumps(received.body))
        if not names or not received.tool(_SEARCH):
            return None
        return {"name": _SEARCH, "arguments": {"query": f"select:{names[0]}"}}

    def write(self, body: Json, move: Json | str) -> Response:
        if isinstance(move, str):
            block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": move}
        else:
            use_id = f"toolu_{next(self._ids):08}"
            block = {"type": "tool_use", "id": use_id, "name": move["name"], "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(move["arguments"])}
        reason = "end_turn" if isinstance(move, str) else "tool_use"
        message = {
            "id": f"msg_{next(self._ids):08}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model", "claude"),
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 10, "output_tokens": 10},
        }
        if not body.get("stream"):
            whole = [{"type": "text", "text": move}] if isinstance(move, str) else []
            return JSONResponse({**message, "content": whole, "stop_reason": reason})
        events = [
            {"type": "message_start", "message": {**message, "content": []}},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": reason, "stop_sequence": None},
                "usage": {"output_tokens": 10},
            },
            {"type": "message_stop"},
        ]
        return event_stream(events, named=True)

    def other(self, path: str, body: Json) -> Json:
        return {"input_tokens": 10} if path.endswith("count_tokens") else {}


def _loaded_by(block: Json) -> list[str]:
    parts = block.get("content")
    if block["type"] != "tool_result" or not isinstance(parts, list):
        return []
    return [part["tool_name"] for part in parts if part.get("type") == "tool_reference"]
