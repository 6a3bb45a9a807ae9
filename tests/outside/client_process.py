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

#: Longer than any answer may take; a client that hangs is ended then.
_HANGS_SECONDS = 30
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


class ClientProcess:
    """A running client. `connection` must be open for `call`."""

    def __init__(self, program: Program, process: subprocess.Popen[str]) -> None:
        self.program, self._process = program, process

    @contextmanager
    def connection(self, address: str) -> Iterator[dict[str, Any]]:
        """Connect to *address*; yield the protocol and the tools that the client met there."""
        yield self._ask(address)
        assert self._ask("") == {"closed": True}

    def call(self, name: str, **arguments: Any) -> Answer:
        """Call a tool and return what the client makes of the answer."""
        return Answer(**self._ask(json.dumps({"name": name, "arguments": arguments})))

    def _ask(self, line: str) -> dict[str, Any]:
        hangs = Timer(_HANGS_SECONDS, self._process.kill)
        hangs.start()
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        finally:
            hangs.cancel()
        assert answer, f"{self.program.name} ended instead of answering; see its standard error"
        return json.loads(answer)


@contextmanager
def running(program: Program) -> Iterator[ClientProcess]:
    """Run *program* while the block runs; it must end well when its input ends."""
    pipe = subprocess.PIPE
    with subprocess.Popen(program.command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield ClientProcess(program, process)
            process.stdin.close()
            assert process.wait(_HANGS_SECONDS) == 0
        finally:
            process.kill()
