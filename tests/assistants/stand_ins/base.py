"""What the stand-ins for all APIs share: a server on loopback that lets a script play the model."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.serving import served

Json = dict[str, Any]


@dataclass(frozen=True)
class Tool:
    """A tool as the model was told of it. Codex puts the tools of a server in a namespace."""

    name: str
    description: str
    schema: Json
    namespace: str | None = None
    namespace_description: str = ""


@dataclass(frozen=True)
class Result:
    """The result of a call as the model was given it: the tool's full name, and the text."""

    tool: str
    text: str


@dataclass(frozen=True)
class Received:
    """All that the model was given with one request. Each request repeats the whole conversation.

    Attributes:
        system: what the assistant told the model as the system's words.
        said: what it told the model as the person's words.
        tools: the tools that the model may call, without those that it knows by name only.
        results: of the calls of MCP tools so far, in order.
        body: the request itself.
    """

    system: str
    said: str
    tools: list[Tool]
    results: list[Result]
    body: Json

    def tool(self, name: str) -> Tool | None:
        """Return the tool that the assistant made of the MCP tool *name*, if the model has it."""
        return next((tool for tool in self.tools if is_named(tool.name, name)), None)


@dataclass(frozen=True)
class Call:
    """What a script decides: call the MCP tool *name*."""

    name: str
    arguments: Json = field(default_factory=dict)


#: Plays the model: from what it has received so far to its next call, or its final words.
Script = Callable[[Received], Call | str]


class Api(Protocol):
    """How one API is spoken. All are stateless: a request carries the whole conversation."""

    def is_turn(self, path: str) -> bool:
        """Return whether a request to *path* asks for the model's next turn."""

    def read(self, body: Json) -> Received:
        """Return what the request gives to the model."""

    def find(self, received: Received, call: Call) -> Json | None:
        """Return a call that loads the wanted tool, where the assistant keeps tools back."""

    def write(self, body: Json, move: Json | str) -> Response:
        """Return the model's turn: a call (`name`, `arguments`, `namespace`) or words."""

    def other(self, path: str, body: Json) -> Json:
        """Return the answer to a request that asks for no turn."""


@dataclass(frozen=True)
class Turn:
    """One request for a turn and when it came."""

    at: float
    received: Received


class StandIn:
    """A model's API: answers every request by the script, and keeps what it was asked."""

    def __init__(self, api: Api, script: Script) -> None:
        self._api, self._script = api, script
        self.turns: list[Turn] = []
        self.other_paths: list[str] = []
        self.failures: list[BaseException] = []

    @property
    def last(self) -> Received:
        """What the model had received at its last turn: the whole conversation."""
        assert self.turns, f"No turn was asked for; there were requests to {self.other_paths}."
        return self.turns[-1].received

    @property
    def results(self) -> list[Result]:
        """Each result as the model first got it. Some assistants shorten old ones later."""
        first: list[Result] = []
        for turn in self.turns:
            first += turn.received.results[len(first) :]
        return first

    def results_of(self, *names: str) -> list[str]:
        """Return the texts of all results of these MCP tools, each as the model first got it."""
        return [r.text for r in self.results if any(is_named(r.tool, name) for name in names)]

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve on a free port; yield the origin."""
        methods = ["GET", "POST", "HEAD", "PUT", "DELETE"]
        with served(Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)])) as at:
            yield at.replace("localhost", "127.0.0.1")

    async def _answer(self, request: Request) -> Response:
        content = await request.body()
        path, body = request.url.path, {}
        try:
            body = json.loads(content) if content else {}
            if request.method == "POST" and self._api.is_turn(path):
                return self._take_turn(body)
            self.other_paths.append(path)
            return JSONResponse(self._api.other(path, body))
        except Exception as failure:  # noqa: BLE001  the test is told, the assistant gets words
            self.failures.append(failure)
            return self._api.write(body, f"The stand-in failed: {failure}")

    def _take_turn(self, body: Json) -> Response:
        received = self._api.read(body)
        if not received.tools:  # a title for the session, or the like
            return self._api.write(body, "A walkthrough")
        self.turns.append(Turn(time.monotonic(), received))
        decided = self._script(received)
        if isinstance(decided, str):
            return self._api.write(body, decided)
        tool = received.tool(decided.name)
        if tool is None:
            search = self._api.find(received, decided)
            assert search, (
                f"The model was not given {decided.name}: {[t.name for t in received.tools]}"
            )
            return self._api.write(body, search)
        move = {"name": tool.name, "arguments": decided.arguments, "namespace": tool.namespace}
        return self._api.write(body, move)


def is_named(full: str, name: str) -> bool:
    """Return whether *full* is what an assistant makes of the MCP tool *name*: a prefix added."""
    return bool(re.search(rf"(?:^|[^a-z]){re.escape(name)}$", full))


def event_stream(events: list[Json], *, named: bool = False, done: bool = False) -> Response:
    """Return *events* as a stream of server-sent events, with their type as the name if *named*."""
    lines = []
    for event in events:
        lines += [f"event: {event['type']}"] if named else []
        lines += [f"data: {json.dumps(event)}", ""]
    lines += ["data: [DONE]", ""] if done else []
    return Response("\n".join([*lines, ""]), media_type="text/event-stream")


def text_of(content: object) -> str:
    """Return the text of a message's content: a string, or a list of parts of which some are text."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if isinstance(part, dict) and "text" in part)
