"""OpenAI's chat completions API, streamed, as opencode and many others speak it."""

from __future__ import annotations

import itertools
import json

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


class OpenAiChat:
    """Speaks chat completions."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    def is_turn(self, path: str) -> bool:
        return path.endswith("/chat/completions")

    def read(self, body: Json) -> Received:
        messages = body.get("messages", [])
        calls = [c for m in messages for c in m.get("tool_calls") or []]
        names = {c["id"]: c["function"]["name"] for c in calls}
        results = [
            Result(names[m["tool_call_id"]], text_of(m["content"]))
            for m in messages
            if m["role"] == "tool"
        ]
        system = [text_of(m["content"]) for m in messages if m["role"] in {"system", "developer"}]
        functions = [t["function"] for t in body.get("tools") or []]
        tools = [
            Tool(f["name"], f.get("description", ""), f.get("parameters", {})) for f in functions
        ]
        said = [text_of(m["content"]) for m in messages if m["role"] == "user"]
        return Received("\n".join(system), "\n".join(said), tools, results, body)

    def find(self, received: Received, call: Call) -> Json | None:
        return None

    def write(self, body: Json, move: Json | str) -> Response:
        number = next(self._ids)
        message: Json = {"role": "assistant", "content": move if isinstance(move, str) else None}
        if not isinstance(move, str):
            function = {"name": move["name"], "arguments": json.dumps(move["arguments"])}
            call = {"index": 0, "id": f"call_{number}", "type": "function", "function": function}
            message["tool_calls"] = [call]
        reason = "stop" if isinstance(move, str) else "tool_calls"
        head = {"id": f"chatcmpl-{number}", "created": 1, "model": body.get("model", "model")}
        usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": reason}
            whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
            return JSONResponse(whole)
        chunk = {**head, "object": "chat.completion.chunk"}
        events = [
            {**chunk, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
            {
                **chunk,
                "choices": [{"index": 0, "delta": {}, "finish_reason": reason}],
                "usage": usage,
            },
        ]
        return event_stream(events, done=True)

    def other(self, path: str, body: Json) -> Json:
        return {"object": "list", "data": []}
