"""Debian's programs, as `make test` has unpacked them, or from the PATH."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent / ".debian"
#: Without it they find only the libraries that are installed.
ENVIRONMENT = os.environ | {
    "LD_LIBRARY_PATH": ":".join(str(each) for each in _FOLDER.glob("usr/lib/*-linux-gnu"))
}


def program(name: str) -> str:
    """Return where the program is; skip the test if it is nowhere."""
    unpacked = [str(_FOLDER / "usr" / each) for each in ("sbin", "bin")]
    found = shutil.which(name, path=":".join([*unpacked, "/usr/sbin", "/usr/bin"]))
    if found is None:
        pytest.skip(f"{name} is not on this machine, and it has no apt-get")
    return found


def user_of(path: Path) -> str:
    """Return the name of a file's owner, for a program that does not run as root."""
    return pwd.getpwuid(path.stat().st_uid).pw_name
