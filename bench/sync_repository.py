"""A content repository of any size, made with `git fast-import`."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

STEPS_EACH = 9  # and a manifest: ten files a walkthrough
_WORDS = (
    "run", "read", "write", "open", "close", "learn", "table", "query", "index", "commit",
    "branch", "merge", "deploy", "rollback", "server", "client", "token", "secret", "folder",
    "file", "line", "value", "error", "retry", "check", "verify",
)  # fmt: skip
_BODY_WORDS = 600  # about 3.7 kB, and no two alike: repeated text would make Git's floor a feather


def make(folder: Path, walkthroughs: int) -> None:
    """Make a repository with so many walkthroughs, in one commit on main."""
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
    stream = b"".join(_commit(_all_files(walkthroughs), "Everything", first=True))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream, check=True)


def add(folder: Path, walkthroughs: int) -> None:
    """Commit so many walkthroughs on top of what a repository has on main."""
    stream = b"".join(_commit(_all_files(walkthroughs), "Many more", first=False))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream, check=True)


def edit(folder: Path, numbers: range, word: str, steps: int = 1) -> None:
    """Commit a change of the first *steps* in each of the numbered walkthroughs."""
    files = {_step_path(n, s): _step(n, s, word) for n in numbers for s in range(steps)}
    stream = b"".join(_commit(files.items(), f"Change {len(files)}", first=False))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream, check=True)


def _all_files(walkthroughs: int) -> Iterator[tuple[str, str]]:
    for number in range(walkthroughs):
        lines = [f"id: w{number:05}", f"title: Walkthrough {number}", "status: published", "steps:"]
        lines += [f"  - steps/s{step}.md" for step in range(STEPS_EACH)]
        yield f"walkthroughs/w{number:05}/walkthrough.yml", "\n".join(lines) + "\n"
        for step in range(STEPS_EACH):
            yield _step_path(number, step), _step(number, step, "first")


def _step_path(number: int, step: int) -> str:
    return f"walkthroughs/w{number:05}/steps/s{step}.md"


def _step(number: int, step: int, word: str) -> str:
    chance = random.Random(f"{number} {step} {word}")  # noqa: S311  no secret
    words = chance.choices(_WORDS, k=_BODY_WORDS)
    lines = [" ".join(words[at : at + 12]) for at in range(0, _BODY_WORDS, 12)]
    return "\n".join(["---", f"id: s{step}", f"title: Step {step}", "---", *lines, ""])


def _commit(files: object, message: str, *, first: bool) -> Iterator[bytes]:
    yield b"commit refs/heads/main\ncommitter Ana <ana@acme.example> 1700000000 +0000\n"
    yield f"data {len(message)}\n{message}\n".encode()
    if not first:
        yield b"from refs/heads/main^0\n"
    for path, text in files:  # type: ignore[attr-defined]
        data = text.encode()
        yield f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
