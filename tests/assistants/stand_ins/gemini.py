"""Google's generateContent API, plain and streamed, as Gemini CLI speaks it."""

from __future__ import annotations

import json

from starlette.responses import Response

from tests.assistants.stand_ins.base import Call, Json, Received, Result, Tool, event_stream


class GeminiContent:
    """Speaks generateContent."""

    def is_turn(self, path: str) -> bool:
        return path.endswith(":streamGenerateContent")

    def read(self, body: Json) -> Received:
        parts = [p for c in body.get("contents", []) for p in c.get("parts", [])]
        answers = [p["functionResponse"] for p in parts if "functionResponse" in p]
        results = [Result(a["name"], _text(a["response"])) for a in answers]
        system = (body.get("systemInstruction") or {}).get("parts", [])
        tools = [
            Tool(
                d["name"],
                d.get("description", ""),
                d.get("parametersJsonSchema") or d.get("parameters") or {},
            )
            for group in body.get("tools", [])
            for d in group.get("functionDeclarations", [])
        ]
        said = [
            p.get("text", "") for c in body["contents"] if c["role"] == "user" for p in c["parts"]
        ]
        told = "\n".join(p.get("text", "") for p in system)
        return Received(told, "\n".join(said), tools, results, body)

    def find(self, received: Received, call: Call) -> Json | None:
        return None

    def write(self, body: Json, move: Json | str) -> Response:
        if isinstance(move, str):
            part: Json = {"text": move}
        else:
            part = {"functionCall": {"name": move["name"], "args": move["arguments"]}}
        return event_stream([_turn(part)])

    def other(self, path: str, body: Json) -> Json:
        if path.endswith(":countTokens"):
            return {"totalTokens": 10}
        # Questions beside the conversation want JSON: who speaks next, which model fits.
        answer = {"reasoning": "The walk is over.", "next_speaker": "user", "model_choice": "flash"}
        return _turn({"text": json.dumps(answer)})


def _turn(part: Json) -> Json:
    content = {"role": "model", "parts": [part]}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 10, "totalTokenCount": 20}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
        "usageMetadata": usage,
    }


def _text(response: Json) -> str:
    output = response.get("output")
    return output if isinstance(output, str) else json.dumps(response, ensure_ascii=False)
