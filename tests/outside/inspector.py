"""The Inspector without its window, and the person whose browser it opens."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.outside.node import MODULES, NODE
from tests.serving import free_port
from tests.signing_in import Academy, Browser

_HANGS_SECONDS = 60
_PAGE = re.compile(r"https://\S+/oauth/authorize\?\S+")
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
        self.academy, self.browser, self.home = academy, Browser(academy), home

    def ask(self, method: str, *more: str, signs_in: bool = False) -> Inspected:
        """Make one request; sign in at the browser if it wants to and *signs_in*."""
        # The address is printed for the person, whether or not a browser is found.
        env = {**os.environ, "HOME": str(self.home), "PATH": "/usr/bin:/bin", "BROWSER": "none"}
        env["MCP_AUTO_OPEN_ENABLED"] = "true" if signs_in else "false"
        callback = f"http://127.0.0.1:{free_port()}/oauth/callback"
        target = ("--transport", "http", "--callback-url", callback, "--format", "json")
        opened, said = 0, ""
        with subprocess.Popen(
            [NODE, _PROGRAM, "--cli", self.academy.resource, *target, "--method", method, *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=env,
        ) as process:  # fmt: skip
            timer = threading.Timer(_HANGS_SECONDS, process.kill)
            timer.start()
            for line in process.stderr or ():
                said += line
                if found := _PAGE.search(line):
                    opened += 1
                    page = self.browser.consent_page(found[0])
                    httpx.get(self.browser.submit(page, "allow").headers["location"])
            answered = process.stdout.read() if process.stdout else ""
            timer.cancel()
        return Inspected(process.returncode, json.loads(answered or said), opened)
