"""What all assistants share: where their programs are, and how one is run headless and alone.

An assistant gets an own home and an own working folder, PATH and nothing else of the environment,
no standard input, and a proxy that is closed, so that it reaches nothing but loopback.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from tests.assistants.stand_ins.base import Api, Json, StandIn

MODULES = Path(__file__).parent / "node_modules"
_NODE = Path(sys.executable).with_name("node")
_CPU = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}
#: As npm names this machine's packages, such as linux-x64.
_PLATFORM = f"{sys.platform}-{_CPU.get(platform.machine(), platform.machine())}"
PROMPT = "Teach me the walkthrough."
_CLOSED = "http://127.0.0.1:9"  # nothing listens on the port of the discard protocol


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    status: int
    output: str


class Assistant(ABC):
    """One assistant. The MCP server is added to it under the name `acme`."""

    #: What people call it, its npm package, and the API that it asks for its model.
    name: str
    package: str
    api: type[Api]
    #: How the way to its program begins, by the platform: `{}` is such as linux-x64.
    programs: tuple[str, ...]
    #: Whether its model must search for every tool of an MCP server, marked or not.
    keeps_tools_back = False
    #: Whether its model gets the server's instructions, and the `_meta` of results.
    passes_instructions, passes_meta = True, False
    #: What a person types to sign in to the server; `{mcp}` is its address. Nothing: not tried.
    sign_in: tuple[tuple[str, ...], ...] = ()
    #: Whether it ends a run in which the same call is made several times in a row.
    ends_on_equal_calls = False

    @property
    def slug(self) -> str:
        """Its name in addresses of learners and in names of tests."""
        return self.name.lower().replace(" ", "-")

    @property
    def version(self) -> str:
        """The installed version."""
        manifest = json.loads((MODULES / self.package / "package.json").read_text())
        return str(manifest["version"])

    def program(self) -> list[str] | None:
        """Return the words that start it, or nothing if this processor has no build of it."""
        for pattern in self.programs:
            for found in MODULES.glob(pattern.format(_PLATFORM)):
                return [str(_NODE), str(found)] if found.suffix else [str(found)]
        return None

    @abstractmethod
    def set_up(self, home: Path, folder: Path, mcp: str, model: str) -> dict[str, str]:
        """Write its settings for the server at *mcp*; return its environment."""

    @abstractmethod
    def arguments(self, home: Path) -> list[str]:
        """Return what makes it run headless once, without asking for permissions."""

    def settle(self, room: Path, mcp: str, model: str) -> tuple[Path, Path, dict[str, str]]:
        """Return a home and a working folder in *room*, set up, and the environment."""
        home, folder = room / "home", room / "work"
        home.mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "NO_PROXY": "localhost,127.0.0.1",
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _CLOSED),
            **self.set_up(home, folder, mcp, model),
        }
        return home, folder, environ

    def run(self, room: Path, mcp: str, stand_in: StandIn, seconds: float = 120) -> Ran:
        """Run it in *room* until the model ends; raise what its stand-in met with."""
        program = self.program()
        assert program, f"There is no build of {self.name} for {_PLATFORM}."
        with stand_in.serve() as model:
            home, folder, environ = self.settle(room, mcp, model)
            ran = _run([*program, *self.arguments(home)], folder, environ, seconds)
        (room / "output.txt").write_text(ran.output)
        if stand_in.turns:  # the last request holds the whole conversation: to read after a failure
            write_json(room / "conversation.json", stand_in.last.body)
        if stand_in.failures:
            raise stand_in.failures[0]
        assert ran.status == 0, ran.output
        return ran


def write_json(path: Path, settings: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False))


def _run(words: list[str], folder: Path, environ: dict[str, str], seconds: float) -> Ran:
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += f"\nStopped after {seconds} seconds."
    return Ran(process.returncode, output)
