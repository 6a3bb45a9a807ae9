"""Types commands of an assistant at a terminal, as the person does who signs in."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.assistants.assistant import Assistant
from tests.outside.person import Person

_HANGS_SECONDS = 60
#: Lines and columns: so wide that no address is broken.
_SIZE = struct.pack("HHHH", 50, 4000, 0, 0)
_NO_MODEL = "http://127.0.0.1:9"


def sign_in(assistant: Assistant, room: Path, mcp: str, person: Person) -> None:
    """Sign in to the server at *mcp*, in the home that later runs in *room* have."""
    program = assistant.program()
    assert program, f"There is no build of {assistant.name}."
    _, folder, environ = assistant.settle(room, mcp, _NO_MODEL)
    for words in assistant.sign_in:
        typed = [*program, *(word.format(mcp=mcp) for word in words)]
        status = _type(typed, folder, environ | {"TERM": "dumb"}, person)
        assert status == 0, person.said


def _type(words: list[str], folder: Path, environ: dict[str, str], person: Person) -> int:
    screen, program = pty.openpty()
    fcntl.ioctl(program, termios.TIOCSWINSZ, _SIZE)
    process = subprocess.Popen(
        words, cwd=folder, env=environ, stdin=program, stdout=program, stderr=program,
        start_new_session=True,
    )  # fmt: skip
    os.close(program)
    timer = threading.Timer(_HANGS_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    person.watch(_lines(screen))
    status = process.wait()
    timer.cancel()
    return status


def _lines(screen: int) -> Iterator[str]:
    with (
        os.fdopen(screen, encoding="utf-8", errors="replace") as text,
        suppress(OSError),  # Linux says so when a terminal's last program has ended
    ):
        yield from text
