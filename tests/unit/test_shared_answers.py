"""What all callers of a server are answered alike is kept for a moment, for them alone."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from walkthroughs.learning.caller import Caller
from walkthroughs.mcp_server.authorization import LearnerSignIn
from walkthroughs.mcp_server.call import Call
from walkthroughs.mcp_server.shared_answers import SharedAnswers
from walkthroughs.mcp_server.tenant import ServerAddress, Tenant

TENANT = Tenant("srv", "o", "acme", "Acme", None, True, 0, "personal_link", "at_connect")
CALL = Call(ServerAddress("acme"), TENANT, Caller("o", "srv", "lea"), is_step_call=False)
LIST = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()
HEADERS = {b"accept": b"application/json", b"user-agent": b"x"}
RESULT = b'{"jsonrpc":"2.0","id":1,"result":{}}'


class Asked:
    """Sends requests, and counts those that had to be answered."""

    def __init__(self, answers, status=200, body=RESULT, parts=1):
        self.answers, self.status, self.body, self.count = answers, status, body, 0
        self.parts = parts

    async def _go_on(self, send):
        self.count += 1
        await send(
            {"type": "http.response.start", "status": self.status, "headers": [(b"a", b"b")]}
        )
        for left in range(self.parts - 1, 0, -1):
            await send({"type": "http.response.body", "body": b"", "more_body": left})
        await send({"type": "http.response.body", "body": self.body})

    def is_asked(self, call=CALL, headers=HEADERS, body=LIST):
        sent, before = [], self.count

        async def send(message):
            sent.append(dict(message))
            if "headers" in message:  # as what admits pages adds their origin
                message["headers"] = [*message["headers"], (b"of", b"this caller")]

        asyncio.run(self.answers.answer(call, headers, body, send, self._go_on))
        assert [sent[0]["status"], sent[0]["headers"], sent[-1]["body"]] == [
            self.status, [(b"a", b"b")], self.body,
        ]  # fmt: skip
        return self.count > before


def test_the_same_request_to_the_same_server_is_answered_once():
    asked = Asked(SharedAnswers())
    signs_in = LearnerSignIn("https://x.example", has_token=False, reads_results=True)
    assert [asked.is_asked(), asked.is_asked()] == [True, False]
    assert not asked.is_asked(replace(CALL, caller=Caller("o", "srv", "max", link_hash="h")))
    for other in (
        {"call": replace(CALL, tenant=replace(TENANT, name="Acme 2"))},
        {"call": replace(CALL, tenant=replace(TENANT, server_id="srv2"))},
        {"call": replace(CALL, sign_in=signs_in)},
        {"headers": HEADERS | {b"user-agent": b"y"}},
        {"headers": HEADERS | {b"mcp-protocol-version": b"2025-11-25"}},
        {"body": LIST + b" "},
    ):
        assert [asked.is_asked(**other), asked.is_asked(**other)] == [True, False], other


def test_what_is_no_good_answer_or_not_for_all_is_kept_for_nobody():
    call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"x": "ping"}})
    for asked, request in (
        (Asked(SharedAnswers()), {"body": call.encode()}),
        (Asked(SharedAnswers()), {"body": b"[" + LIST + b"]"}),
        (Asked(SharedAnswers()), {"body": LIST[:-1]}),
        (Asked(SharedAnswers()), {"body": LIST + b" " * 4000}),
        (Asked(SharedAnswers()), {"call": replace(CALL, is_step_call=True)}),
        (Asked(SharedAnswers(seconds=0.0)), {}),
        (Asked(SharedAnswers(max_bytes=500)), {}),
        (Asked(SharedAnswers(), body=b'{"jsonrpc":"2.0","id":1,"error":{}}'), {}),
        (Asked(SharedAnswers(), status=400), {}),
        (Asked(SharedAnswers(), parts=2), {}),
    ):
        assert [asked.is_asked(**request), asked.is_asked(**request)] == [True, True], request
