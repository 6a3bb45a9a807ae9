"""Official clients that listen, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.outside.node import HERE, NODE
from tests.waiting import PATIENCE

CLIENTS = HERE / "clients"
#: Each client, by what tests call it: of both eras.
PROGRAMS = {
    "typescript-1": (NODE, CLIENTS / "listen.mjs", "1", "legacy"),
    "typescript-2-legacy": (NODE, CLIENTS / "listen.mjs", "2", "legacy"),
    "typescript-2-auto": (NODE, CLIENTS / "listen.mjs", "2", "auto"),
    "mcp-2-auto": (sys.executable, CLIENTS / "listen.py"),
}


class ListeningClient:
    """What a client has read again because it heard of a change, in order."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name, self._process = name, process
        self.is_ready = threading.Event()
        #: Lists with their items and the time, as the client printed them.
        self.heard: list[dict] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def first_with(self, name: str, words: str) -> float | None:
        """When the client first had *words* in its list *name*, in epoch seconds."""
        for each in self.heard:
            if each["list"] == name and any(words in item for item in each.get("items") or ()):
                return each["at"]
        return None

    def first_after(self, name: str, at: float) -> float | None:
        """When the client first heard after *at* that its list *name* has changed."""
        return next(
            (each["at"] for each in self.heard if each["list"] == name and each["at"] >= at), None
        )

    def leave(self) -> None:
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self._process.stdout.close()

    def _read(self) -> None:
        for line in self._process.stdout:
            facts = json.loads(line)
            if facts.get("ready"):
                self.is_ready.set()
            else:
                self.heard.append(facts)


@contextmanager
def listening_client(name: str, address: str) -> Iterator[ListeningClient]:
    """Start a client that listens at *address*; it leaves with the block."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(PROGRAMS[name], stdin=pipe, stdout=pipe, text=True)
    process.stdin.write(f"{address}\n")
    process.stdin.flush()
    client = ListeningClient(name, process)
    try:
        yield client
    finally:
        client.leave()
