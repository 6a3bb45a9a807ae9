"""A real repository whose whole history is written at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sync.git.command import GitCommand
from sync.git.repository import Repository


class History:
    """A bare copy with commits by name, each of the files that are given, and of no others."""

    def __init__(self, folder: Path) -> None:
        self.git = GitCommand(
            folder, "https://git.example/a.git", {"GIT_ALLOW_PROTOCOL": "file"}, 60
        )
        folder.mkdir(parents=True)
        self.git.text("init", "--quiet", "--bare", ".")
        self.repository = Repository(self.git, "https://git.example/a.git", "main")
        self._lines: list[bytes] = []
        self._names: list[str] = []
        self._ids: list[str] = []

    def add(self, name: str, files: Mapping[str, str], *parents: str) -> None:
        """Note a commit; its id is known once any is asked for."""
        self._names.append(name)
        lines = [
            f"commit refs/made/{name}", f"mark :{len(self._names)}",
            f"committer Ana <ana@acme.example> {len(self._names)} +0000", f"data {len(name)}", name,
        ]  # fmt: skip
        words = ("from", *("merge" for _ in parents))
        for word, parent in zip(words, parents, strict=False):
            lines.append(f"{word} :{self._names.index(parent) + 1}")
        lines.append("deleteall")
        self._lines.append("\n".join([*lines, ""]).encode())
        for path, text in files.items():
            data = text.encode()
            head = f"M 100644 inline {path}\ndata {len(data)}\n".encode()
            self._lines.append(head + data + b"\n")

    def __getitem__(self, name: str) -> str:
        """Return the id of a commit."""
        if not self._ids:
            marks = self.git.folder / "marks"
            words = ("fast-import", "--quiet", f"--export-marks={marks}")
            done = self.git.run(*words, data=b"".join(self._lines))
            assert done.returncode == 0, done.stderr
            found = dict(line.split(" ") for line in marks.read_text().splitlines())
            self._ids = [found[f":{number + 1}"] for number in range(len(self._names))]
        return self._ids[self._names.index(name)]
