"""Other people's clients, each in a process of its own that a test talks through.

The programs in `clients/` open a connection for each test, so that what they import, which takes
some of them seconds, is imported once.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

from tests.outside.node import HERE, NODE
from tests.waiting import PATIENCE

_STEP = re.compile(r'current_step_id "(ws_[\w-]+)"')
_WALKTHROUGH = re.compile(r'walkthrough_id "(wt_[\w-]+)"')


@dataclass(frozen=True)
class Program:
    """How to start a client, and what to expect of it.

    Attributes:
        name: what tests call it.
        command: the interpreter, the program and its arguments.
        protocol: the version of the protocol that it agrees on with us.
        shows_view: whether it gives `_meta` to its user. Who gets text only works from the text.
    """

    name: str
    command: tuple[Path | str, ...]
    protocol: str
    shows_view: bool = True


def python(environment: str, program: str, protocol: str, *, shows_view: bool = True) -> Program:
    """A client that `make` has installed in an environment of its own."""
    interpreter = HERE / ".environments" / environment / "bin" / "python"
    command = (interpreter, HERE / "clients" / program)
    return Program(environment, command, protocol, shows_view)


def official(name: str, program: str, protocol: str, *arguments: str) -> Program:
    """An official client of the environment in which the tests run, in Node or in Python."""
    interpreter = NODE if program.endswith(".mjs") else sys.executable
    return Program(name, (interpreter, HERE / "clients" / program, *arguments), protocol)


@dataclass(frozen=True)
class Answer:
    """What a client gave its user for a call; None for what it does not give out."""

    text: str
    is_error: bool | None
    view: dict[str, Any] | None
    structured: dict[str, Any] | None

    @property
    def walkthrough_id(self) -> str:
        """The first walkthrough that is named."""
        return (
            self.view["walkthroughs"][0]["id"] if self.view else _WALKTHROUGH.search(self.text)[1]
        )

    @property
    def step_id(self) -> str | None:
        """The step to name in the next call; None if nothing is left to do."""
        if self.view:
            return (self.view["step"] or {}).get("id")
        found = _STEP.search(self.text)
        return found and found[1]


class Client:
    """A client that is started by its first connection, and again by the next after it failed."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: subprocess.Popen[str] | None = None

    @contextmanager
    def connection(self, address: str) -> Iterator[dict[str, Any]]:
        """Connect to *address*; yield the protocol and the tools that the client met there."""
        if self._process is None:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(
                self.program.command, stdin=pipe, stdout=pipe, text=True
            )
        try:
            yield self._ask(address)
            assert self._ask("") == {"closed": True}
        except BaseException:
            self._process.kill()
            self.stop()
            raise

    def call(self, name: str, **arguments: Any) -> Answer:
        """Call a tool over the open connection; return what the client makes of the answer."""
        return Answer(**self._ask(json.dumps({"name": name, "arguments": arguments})))

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send another request, by an official client in Node; return its result or its error."""
        return self._ask(json.dumps({"method": method, "params": params}))

    def stop(self) -> int | None:
        """End the client's input, and return how it ended; None if it was not running."""
        process, self._process = self._process, None
        if process is None:
            return None
        with process, _killed_later(process):
            process.stdin.close()
            return process.wait()

    def _ask(self, line: str) -> dict[str, Any]:
        with _killed_later(self._process):
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, f"{self.program.name} hung or ended instead of answering; see its errors"
        return json.loads(answer)


@contextmanager
def _killed_later(process: subprocess.Popen[str]) -> Iterator[None]:
    """End *process* if the block takes too long."""
    timer = Timer(PATIENCE, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
