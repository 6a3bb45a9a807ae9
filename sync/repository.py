"""Read Git without ever checking it out: a bare copy, plumbing commands, blobs as bytes.

Repositories are hostile: nothing of theirs is run (no hooks, filters, attributes,
submodules), and no word of theirs reaches a command line as an option.
"""

from __future__ import annotations

import re
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from git import Git

from sync.parse import MAX_STEP_BYTES, TOO_LARGE
from walkthroughs.errors import HandrailError

_INCOMING = "refs/handrail/incoming"
_FETCH_SECONDS = 120
_FILE_MODES = (b"100644", b"100755")
_READ_ENDINGS = (".yml", ".md")
_SAFE = (
    "core.hooksPath=/dev/null",
    "transfer.fsckObjects=true",
    "http.followRedirects=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "credential.helper=",
    "fetch.recurseSubmodules=false",
)


class RepositoryUnavailable(HandrailError):
    """The repository, its branch or its folder cannot be read now; nothing is changed by that."""


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    blob: str
    size: int


class Repository:
    """A bare copy of one branch of a repository."""

    def __init__(self, folder: Path, url: str, branch: str, *, allow_local: bool) -> None:
        self._folder, self._url, self._branch = folder, url, branch
        self._environment = {
            "HOME": "/nonexistent",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "https:ssh:file" if allow_local else "https:ssh",
            "GIT_PROTOCOL_FROM_USER": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            # The demo's repository belongs to whoever runs it, as does this process.
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        _check_address(url, branch, allow_local=allow_local)

    def head(self) -> str:
        """Ask where the branch is, without fetching; return the commit.

        Raises:
            RepositoryUnavailable: it cannot be asked, or has no such branch.
        """
        ref = f"refs/heads/{self._branch}"
        found = self._run("ls-remote", "--", self._url, ref, where=Path("/"))
        commit = next((line.split("\t")[0] for line in found.splitlines() if line), "")
        if not commit:
            raise RepositoryUnavailable(
                f'There is no branch "{self._branch}" in {self._url}. '
                "Push it, or set the content source to another branch."
            )
        return commit

    def fetch(self) -> str:
        """Bring the branch here and return its commit.

        Raises:
            RepositoryUnavailable: it cannot be fetched.
        """
        if not (self._folder / "HEAD").exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._run("init", "--bare", "--quiet", ".")
        self._run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--force",
            "--",
            self._url,
            f"+refs/heads/{self._branch}:{_INCOMING}",
        )
        return self._run("rev-parse", "--verify", f"{_INCOMING}^{{commit}}")

    def files(self, commit: str, folder: str) -> dict[str, bytes]:
        """Return the files under *folder* at *commit*, by path from there.

        Content files come with their bytes (`TOO_LARGE` when they are), others
        empty. Links, submodules and names that no author writes are left out.

        Raises:
            RepositoryUnavailable: the folder is not there.
        """
        tree = f"{commit}:{folder.strip('/')}" if folder.strip("/") else f"{commit}^{{tree}}"
        listed = list(_entries(self._bytes("ls-tree", "-r", "-z", "-l", "--full-tree", tree)))
        wanted = [e for e in listed if e.path.endswith(_READ_ENDINGS) and e.size <= MAX_STEP_BYTES]
        contents = self._blobs([entry.blob for entry in wanted])
        files = {e.path: TOO_LARGE if e.path.endswith(_READ_ENDINGS) else b"" for e in listed}
        return files | {entry.path: contents[entry.blob] for entry in wanted}

    def author(self, commit: str) -> str:
        """Return who wrote *commit*, as `Name <e-mail>`."""
        return self._run("show", "--no-patch", "--format=%an <%ae>", commit)[:200]

    def _blobs(self, ids: list[str]) -> dict[str, bytes]:
        """Read all blobs through one process."""
        unique = sorted(set(ids))
        if not unique:
            return {}
        asked = "".join(f"{blob}\n" for blob in unique).encode()
        out = self._bytes("cat-file", "--batch", "--buffer", given=asked)
        contents, at = {}, 0
        for blob in unique:
            end = out.index(b"\n", at)
            size = int(out[at:end].split(b" ")[2])
            contents[blob] = out[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return contents

    def _run(self, *words: str, where: Path | None = None) -> str:
        return self._bytes(*words, where=where).decode(errors="replace").strip()

    def _bytes(self, *words: str, where: Path | None = None, given: bytes = b"") -> bytes:
        options = [word for setting in _SAFE for word in ("-c", setting)]
        command = [Git.GIT_PYTHON_GIT_EXECUTABLE or "git", *options, *words]
        try:
            done = subprocess.run(
                command,
                cwd=where or self._folder,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin"} | self._environment,
                input=given,
                capture_output=True,
                timeout=_FETCH_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise RepositoryUnavailable(
                f"Git did not answer for {self._url} within {_FETCH_SECONDS} s. It is tried again."
            ) from error
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            said = lines[-1][:300] if lines else "no reason given"
            raise RepositoryUnavailable(f"Git could not {words[0]} {self._url}: {said}")
        return done.stdout


def _check_address(url: str, branch: str, *, allow_local: bool) -> None:
    if "@" in (urlsplit(url).netloc if url.startswith("https:") else ""):
        raise RepositoryUnavailable("A content source's address must not hold credentials.")
    local = url.startswith(("/", "file://"))
    if not url.startswith(("https://", "ssh://")) and not (local and allow_local):
        raise RepositoryUnavailable(
            f'"{url[:200]}" cannot be a content source. Give an https:// or ssh:// address'
            " (folders of this machine only where the operator allows them)."
        )
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}", branch) or ".." in branch:
        raise RepositoryUnavailable(f'"{branch[:80]}" cannot be a branch name.')


def _entries(listing: bytes) -> Iterator[_Entry]:
    for line in listing.split(b"\0"):
        if not line:
            continue
        facts, _, name = line.partition(b"\t")
        mode, _, blob, size = facts.split()
        path = _plain(name)
        if mode in _FILE_MODES and path is not None:
            yield _Entry(path, blob.decode(), int(size))


def _plain(name: bytes) -> str | None:
    """Return the path if it is one that an author would write, else none."""
    try:
        path = name.decode()
    except UnicodeDecodeError:
        return None
    if "\\" in path or any(unicodedata.category(each)[0] == "C" for each in path):
        return None
    return None if any(part.startswith("-") or part == ".." for part in path.split("/")) else path
