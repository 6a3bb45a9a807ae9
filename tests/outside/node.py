"""Runs Node programs of the tests, with the Node that the environment brings along."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
MODULES = HERE / "node_modules" / "@modelcontextprotocol"
NODE = Path(sys.executable).with_name("node")
#: For Node's `--import`: names below localhost lead to this machine.
LOCAL_NAMES = HERE / "local_names.mjs"


def run_node(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run *script*, at most two minutes, and return what it printed."""
    return subprocess.run(
        [NODE, script, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
