"""The Inspector in a browser: its server, and the address that opens a tool's card in it."""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from tests.outside.inspector import _PROGRAM
from tests.outside.node import NODE
from tests.serving import free_port
from tests.waiting import PATIENCE

_LISTENS = "is up and running"


class InspectorWeb:
    """An Inspector that listens at `origin`, for whoever knows `key`."""

    def __init__(self, origin: str, key: str):
        self.origin, self.key = origin, key

    def card(self, address: str, tool: str, **arguments: str) -> str:
        """Return what to open to see *tool* of the server at *address* called, and its card."""
        given = base64.urlsafe_b64encode(json.dumps(arguments).encode()).decode()
        query = {
            "MCP_INSPECTOR_API_TOKEN": self.key, "serverUrl": address, "transport": "http",
            "autoConnect": self.key, "openApp": tool, "appArgs": given,
        }  # fmt: skip
        return f"{self.origin}/?{urlencode(query)}"


@contextmanager
def inspector_web(home: Path) -> Iterator[InspectorWeb]:
    """Run the Inspector's server with a home of its own, and end it."""
    key, port = secrets.token_urlsafe(16), free_port()
    env = {
        "PATH": os.environ["PATH"], "HOME": str(home), "CLIENT_PORT": str(port),
        "MCP_INSPECTOR_API_TOKEN": key, "MCP_AUTO_OPEN_ENABLED": "false",
        "MCP_SANDBOX_PORT": str(free_port()), "MCP_APP_ORIGIN_PORT": str(free_port()),
        "MCP_INSPECTOR_SECRET_STORE": "memory",
    }  # fmt: skip
    with subprocess.Popen(
        [NODE, _PROGRAM, "--web"], env=env, cwd=home, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        timer = threading.Timer(PATIENCE, process.kill)
        timer.start()
        said = ""
        for line in process.stdout or ():
            said += line
            if _LISTENS in line:
                break
        timer.cancel()
        try:
            assert _LISTENS in said, said
            yield InspectorWeb(f"http://127.0.0.1:{port}", key)
        finally:
            process.terminate()
