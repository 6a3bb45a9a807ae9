"""Check a folder of content as a sync would, with no database and no Git."""

from __future__ import annotations

from pathlib import Path

from sync.parse import parse_repository
from sync.step_file import MAX_STEP_BYTES, TOO_LARGE
from walkthroughs.errors import Problem


def lint(folder: Path) -> tuple[Problem, ...]:
    """Return every problem of the content under *folder*, in file order."""
    return parse_repository(read_folder(folder)).problems


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the files under *folder* as the repository reader would; links are left out."""
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or name.startswith(".git/"):
            continue
        content = path.suffix in {".yml", ".md"}
        if content:
            large = path.stat().st_size > MAX_STEP_BYTES
            files[name] = TOO_LARGE if large else path.read_bytes()
        else:
            files[name] = b""
    return files
