"""The Inspector without its window, and the person whose browser it opens."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.outside.node import MODULES, NODE
from tests.outside.person import Person
from tests.serving import free_port
from tests.signing_in import Academy
from tests.waiting import PATIENCE

_PROGRAM = MODULES / "inspector" / "clients" / "launcher" / "build" / "index.js"


@dataclass(frozen=True)
class Inspected:
    """How a run ended, and whether a page was to be opened."""

    status: int
    said: Any
    opened: int


class Inspector:
    """The Inspector with a home of its own, where it keeps its tokens."""

    def __init__(self, academy: Academy, home: Path):
        self.academy, self.home = academy, home

    def ask(self, method: str, *more: str, signs_in: bool = False) -> Inspected:
        """Make one request; sign in at the browser if it wants to and *signs_in*."""
        # The address is printed for the person, whether or not a browser is found.
        env = {**os.environ, "HOME": str(self.home), "PATH": "/usr/bin:/bin", "BROWSER": "none"}
        env["MCP_AUTO_OPEN_ENABLED"] = "true" if signs_in else "false"
        callback = f"http://127.0.0.1:{free_port()}/oauth/callback"
        target = ("--transport", "http", "--callback-url", callback, "--format", "json")
        person = Person(self.academy)
        with subprocess.Popen(
            [NODE, _PROGRAM, "--cli", self.academy.resource, *target, "--method", method, *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=env,
        ) as process:  # fmt: skip
            timer = threading.Timer(PATIENCE, process.kill)
            timer.start()
            person.watch(process.stderr or ())
            answered = process.stdout.read() if process.stdout else ""
            timer.cancel()
        return Inspected(process.returncode, json.loads(answered or person.said), person.opened)
