"""OpenAI's Responses API, streamed, as Codex speaks it."""

from __future__ import annotations

import itertools
import json

from starlette.responses import Response

from tests.assistants.stand_ins.base import (
    Call,
    Json,
    Received,
    Result,
    Tool,
    event_stream,
    text_of,
)


class OpenAiResponses:
    """Speaks the Responses API, with tools grouped in namespaces."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    def is_turn(self, path: str) -> bool:
        return path.endswith("/responses")

    def read(self, body: Json) -> Received:
        items = body.get("input", [])
        names = {i["call_id"]: i["name"] for i in items if i.get("type") == "function_call"}
        results = [
            Result(names[i["call_id"]], text_of(i["output"]))
            for i in items
            if i.get("type") == "function_call_output"
        ]
        system = [body.get("instructions") or ""]
        system += [text_of(i["content"]) for i in items if i.get("role") in {"developer", "system"}]
        said = [text_of(i["content"]) for i in items if i.get("role") == "user"]
        return Received("\n".join(system), "\n".join(said), _tools(body), results, body)

    def find(self, received: Received, call: Call) -> Json | None:
        return None

    def write(self, body: Json, move: Json | str) -> Response:
        number = next(self._ids)
        item: Json
        if isinstance(move, str):
            content = [{"type": "output_text", "text": move, "annotations": []}]
            item = {
                "type": "message",
                "id": f"msg_{number}",
                "role": "assistant",
                "status": "completed",
                "content": content,
            }
        else:
            item = {
                "type": "function_call",
                "id": f"fc_{number}",
                "call_id": f"call_{number}",
                "name": move["name"],
                "arguments": json.dumps(move["arguments"]),
                "status": "completed",
            }
            item |= {"namespace": move["namespace"]} if move.get("namespace") else {}
        response = {"id": f"resp_{number}", "object": "response", "status": "in_progress"}
        usage = {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 10,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 20,
        }
        done = {**response, "status": "completed", "output": [item], "usage": usage}
        events = [
            {"type": "response.created", "response": {**response, "output": []}},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": done},
        ]
        return event_stream(events, named=True)

    def other(self, path: str, body: Json) -> Json:
        return {"models": [], "data": []}


def _tools(body: Json) -> list[Tool]:
    tools = []
    for tool in body.get("tools", []):
        is_group = tool["type"] == "namespace"
        group = (tool["name"], tool.get("description", "")) if is_group else ()
        tools += [
            Tool(t["name"], t.get("description", ""), t.get("parameters", {}), *group)
            for t in (tool["tools"] if is_group else [tool])
            if t["type"] == "function"
        ]
    return tools
