"""The answer to a call that is not begun, since the server has too much to do.

It is written here and not by the SDK: refusing must cost less than doing.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.types import Send

from walkthroughs.mcp_server import texts
from walkthroughs.mcp_server.refusals import Refused, is_request, send_json, send_refusal
from walkthroughs.serving.fair_queue import Busy, FairQueue


async def has_turn(
    queue: FairQueue, organization_id: str, caller: str, send: Send, body: bytes
) -> bool:
    """Return whether the call may begin; else it is answered. One that began has to `leave`."""
    try:
        await queue.enter(organization_id, caller)
    except Busy as busy:
        await send_busy(send, busy, body)
        return False
    return True


async def send_busy(send: Send, busy: Busy, body: bytes) -> None:
    """Answer a call of a tool with words for the assistant, anything else with status 429.

    Many clients show their assistant nothing of an answer that is no 200.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        message = None
    retry = [(b"retry-after", str(busy.seconds).encode())]
    if is_request(message) and message["method"] == "tools/call":
        await send_json(send, 200, _result(message["id"], texts.busy(busy.seconds)), retry)
    else:
        await send_refusal(send, Refused(429, texts.busy(busy.seconds), retry), body)


def _result(request_id: str | int, text: str) -> dict[str, Any]:
    result = {
        "content": [{"type": "text", "text": text}],
        "isError": True,
        # Older clients pass over what they do not know.
        "resultType": "complete",
    }
    return {"jsonrpc": "2.0", "id": request_id, "result": result}
