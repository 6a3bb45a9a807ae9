"""mcp-remote: a bridge that clients without HTTP start, and that opens the browser itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.outside.node import HERE, LOCAL_NAMES, NODE
from tests.outside.person import Person
from tests.signing_in import Academy
from tests.waiting import PATIENCE

_ENDS_SECONDS = 5
_PROGRAM = HERE / "node_modules" / "mcp-remote" / "dist" / "proxy.js"


class McpRemote:
    """The bridge to *address*, a client that talks through it, and the person at the browser."""

    def __init__(self, academy: Academy, address: str, email: str, folder: Path):
        self.person = Person(academy, email)
        # The address is printed for the person, whether or not a browser is found.
        env = {
            **os.environ,
            "MCP_REMOTE_CONFIG_DIR": str(folder),
            "PATH": "/usr/bin:/bin",
            "BROWSER": "none",
        }
        self.process = subprocess.Popen(
            [NODE, "--import", LOCAL_NAMES, _PROGRAM, address, "--transport", "http-only"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=env, start_new_session=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self.person.watch, args=(self.process.stderr,))
        self._timer = threading.Timer(3 * PATIENCE, self._kill)

    def __enter__(self) -> McpRemote:
        self._reader.start()
        self._timer.start()
        hello = {"name": "tests", "version": "1"}
        self.ask(1, "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=hello)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def __exit__(self, *_: object) -> None:
        # As clients end what they have started: nothing to read any more, then by force.
        with self.process:
            self.process.stdin.close()  # type: ignore[union-attr]  # it is a pipe
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_ENDS_SECONDS)
            self._kill()  # with the browser that it may have started, which holds its output
            self._reader.join()
        self._timer.cancel()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def call(self, number: int, name: str, **arguments: Any) -> Any:
        """Call a tool; return what it holds for programs."""
        result = self.ask(number, "tools/call", name=name, arguments=arguments)["result"]
        return result["_meta"]["handrail/view"]

    def ask(self, number: int, method: str, **params: Any) -> Any:
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        for line in self.process.stdout or ():
            answer = json.loads(line)
            if answer.get("id") == number:
                return answer
        raise AssertionError(self.person.said)

    def _send(self, message: object) -> None:
        print(json.dumps(message), file=self.process.stdin, flush=True)
