"""Read Git without ever checking it out: a bare copy, plumbing commands, blobs as bytes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from sync.credentials import Credential, environment
from sync.git_command import CopyBroken, GitCommand, RepositoryUnavailable
from sync.snapshot import Snapshot, read_snapshot
from walkthroughs.settings import Settings

#: Where the branch is kept in the bare copy.
INCOMING = "refs/handrail/incoming"
R = TypeVar("R")


@contextmanager
def opened(
    folder: Path, url: str, branch: str, credential: Credential | None, settings: Settings
) -> Iterator[Repository]:
    """Yield the repository, with its credentials at hand while the block runs.

    Raises:
        RepositoryUnavailable: the address or the branch cannot be used at all.
    """
    _check_address(url, branch, allow_local=settings.allow_local_repositories)
    transport = _LOCAL if url.startswith(_LOCAL_PREFIXES) else {"GIT_ALLOW_PROTOCOL": "https:ssh"}
    if settings.git_ca_file is not None:
        transport = transport | {"GIT_SSL_CAINFO": str(settings.git_ca_file)}
    with environment(url, credential) as variables:
        yield Repository(GitCommand(folder, url, variables | transport), url, branch)


_LOCAL_PREFIXES = ("/", "file://")
_LOCAL = {
    "GIT_ALLOW_PROTOCOL": "file",
    # A folder that the operator allows may belong to another user than this process.
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "safe.directory",
    "GIT_CONFIG_VALUE_0": "*",
}


class Repository:
    """A bare copy of one branch of a repository."""

    def __init__(self, git: GitCommand, url: str, branch: str) -> None:
        self._git, self._url, self._branch = git, url, branch

    def head(self) -> str:
        """Ask where the branch is, without fetching; return the commit.

        Raises:
            RepositoryUnavailable: it cannot be asked, or has no such branch.
        """
        ref = f"refs/heads/{self._branch}"
        found = self._git.text("ls-remote", "--", self._url, ref, where=Path("/"))
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
        try:
            return self._fetch()
        except RepositoryUnavailable:
            self.head()  # if that fails, too, the host is the trouble, else our copy is
            self.forget()
            return self._fetch()

    def forget(self) -> None:
        """Remove the copy; the next fetch makes it anew."""
        shutil.rmtree(self._git.folder, ignore_errors=True)

    def _fetch(self) -> str:
        folder = self._git.folder
        if not (folder / "HEAD").exists():
            folder.mkdir(parents=True, exist_ok=True)
            self._git.text("init", "--bare", "--quiet", ".")
        self._git.text(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--force",
            "--",
            self._url,
            f"+refs/heads/{self._branch}:{INCOMING}",
        )
        return self.commit(INCOMING)

    def commit(self, name: str) -> str:
        """Return the full id of a commit that is here already.

        Raises:
            RepositoryUnavailable: there is no such commit.
        """
        if name != INCOMING and not re.fullmatch(r"[0-9a-f]{4,64}", name):
            raise RepositoryUnavailable(f'"{name[:80]}" is not the id of a commit.')
        return self._git.text("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    def contains(self, older: str, newer: str) -> bool:
        """Return whether the history of *newer* has *older* in it; both commits are ids."""
        return self._git.succeeds("merge-base", "--is-ancestor", older, newer)

    def author(self, commit: str) -> str:
        """Return who wrote *commit*, as `Name <e-mail>`."""
        return self._git.text("show", "--no-patch", "--format=%an <%ae>", commit)[:200]

    @contextmanager
    def snapshot(self, commit: str, folder: str, known: Mapping[str, str]) -> Iterator[Snapshot]:
        """Yield what *commit* holds; see `read_snapshot`. Read it within the block.

        Raises:
            RepositoryUnavailable: the folder is not there.
            CopyBroken: git ended early; `mended` makes another copy.
        """
        with self._git.objects() as objects:
            yield read_snapshot(objects, self._url, commit, folder, known)

    def mended(self, work: Callable[[], R]) -> R:
        """Return what *work* returns; if our copy is broken, make it anew and work once more."""
        try:
            return work()
        except CopyBroken:
            self.forget()
            self._fetch()
            return work()


def _check_address(url: str, branch: str, *, allow_local: bool) -> None:
    if "@" in (urlsplit(url).netloc if url.startswith("https:") else ""):
        raise RepositoryUnavailable("A content source's address must not hold credentials.")
    local = url.startswith(_LOCAL_PREFIXES)
    if not url.startswith(("https://", "ssh://")) and not (local and allow_local):
        raise RepositoryUnavailable(
            f'"{url[:200]}" cannot be a content source. Give an https:// or ssh:// address'
            " (folders of this machine only where the operator allows them)."
        )
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}", branch) or ".." in branch:
        raise RepositoryUnavailable(f'"{branch[:80]}" cannot be a branch name.')
