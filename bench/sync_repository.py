"""A content repository of any size, made with `git fast-import`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

STEPS_EACH = 9  # and a manifest: ten files a walkthrough
_BODY = "Run the command, read what it says, and compare it with the text.\n\n" * 56  # 3.7 kB


def make(folder: Path, walkthroughs: int) -> None:
    """Make a repository with so many walkthroughs, in one commit on main."""
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
    stream = b"".join(_commit(_all_files(walkthroughs), "Everything", first=True))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream, check=True)


def edit(folder: Path, numbers: range, word: str) -> None:
    """Commit a change of one step in each of the numbered walkthroughs."""
    files = {_step_path(n, 0): _step(n, 0, word) for n in numbers}
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
    # A line of its own, so that no two blobs are the same.
    return (
        f"---\nid: s{step}\ntitle: Step {step}\n---\nThis is {number}, {step}, {word}.\n\n{_BODY}"
    )


def _commit(files: object, message: str, *, first: bool) -> Iterator[bytes]:
    yield b"commit refs/heads/main\ncommitter Ana <ana@acme.example> 1700000000 +0000\n"
    yield f"data {len(message)}\n{message}\n".encode()
    if not first:
        yield b"from refs/heads/main^0\n"
    for path, text in files:  # type: ignore[attr-defined]
        data = text.encode()
        yield f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
