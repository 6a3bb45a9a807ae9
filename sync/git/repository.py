"""Read Git without ever checking it out: a bare copy, plumbing commands, blobs as bytes."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from sync.git.address import transport
from sync.git.command import GitCommand
from sync.git.copies import copy_of
from sync.git.credentials import Credential, environment
from sync.git.errors import (
    CommitUnknown,
    CopyDamaged,
    HostUnavailable,
    RepositoryUnavailable,
    SourceInvalid,
)
from sync.git.snapshot import Snapshot, read_snapshot
from walkthroughs.settings import Settings

#: Where the branch is kept in the bare copy.
BRANCH_REF = "refs/handrail/incoming"
#: As many as git's own collection, which never runs here, would allow.
_MAX_PACKS = 50
R = TypeVar("R")


@contextmanager
def open_repository(
    source_id: str,
    url: str,
    branch: str,
    credential: Credential | None,
    settings: Settings,
    stop: threading.Event | None = None,
) -> Iterator[Repository]:
    """Yield the repository, with its credentials at hand while the block runs.

    Once *stop* is set, its commands end with `Stopped`.

    Raises:
        RepositoryUnavailable: the address or the branch cannot be used at all.
    """
    route = transport(url, branch, settings)
    try:
        with environment(url, credential, route, settings.data_dir) as variables:
            folder = copy_of(settings.data_dir, source_id)
            git = GitCommand(folder, url, variables, settings.git_seconds, stop)
            yield Repository(git, url, branch)
    except OSError as error:
        raise CopyDamaged(
            f"This machine could not work on its copy of {url}: {error.strerror or error}. "
            "It is tried again."
        ) from error


class Repository:
    """A bare copy of one branch of a repository.

    Attributes:
        git: runs git in the copy, with the source's credential.
        url: where the repository is.
    """

    def __init__(self, git: GitCommand, url: str, branch: str) -> None:
        self.git, self.url, self._branch = git, url, branch

    def head(self) -> str:
        """Ask where the branch is, without fetching; return the commit.

        Raises:
            RepositoryUnavailable: it cannot be asked, or has no such branch.
        """
        return self.heads(())[self._branch]

    def heads(self, others: Iterable[str]) -> dict[str, str]:
        """Ask where the branch is, and *others*, at once; return their commits, of those there are.

        Raises:
            RepositoryUnavailable: they cannot be asked, or the source's own branch is not there.
        """
        refs = {f"refs/heads/{name}": name for name in (self._branch, *others)}
        found = self.git.text("ls-remote", "--", self.url, *refs, cwd=Path("/"))
        # Git also finds what merely ends like the name, such as the branch `x/refs/heads/main`.
        lines = [line.split("\t") for line in found.splitlines()]
        heads = {refs[line[-1]]: line[0] for line in lines if line[-1] in refs}
        if self._branch not in heads:
            raise SourceInvalid(
                f'There is no branch "{self._branch}" in {self.url}. '
                "Push it, or set the content source to another branch."
            )
        return heads

    def fetch(self) -> str:
        """Bring the branch here and return its commit.

        Raises:
            RepositoryUnavailable: it cannot be fetched.
        """
        try:
            return self._fetch()
        except RepositoryUnavailable:
            self.head()  # if that fails, too, the host is the trouble, else our copy is
            return self._reclone()

    def fetch_newest(self) -> str:
        """Bring the newest commit of the branch here without those before it; return it.

        Raises:
            RepositoryUnavailable: it cannot be fetched.
        """
        try:
            return self._fetch("--depth=1")
        except HostUnavailable as error:
            if "shallow" not in str(error):
                raise
            return self._fetch()  # a host that only hands out files cannot leave history out

    def fetch_if_missing(self, newest: str) -> None:
        """Bring the branch here, unless its commit *newest* is here already.

        Raises:
            RepositoryUnavailable: it cannot be fetched.
        """
        is_here = (self.git.folder / "HEAD").exists()
        if not (is_here and self.git.run_ok("cat-file", "-e", f"{newest}^{{commit}}")):
            self.fetch()

    def delete_copy(self) -> None:
        """Remove the copy; the next fetch makes a new one."""
        shutil.rmtree(self.git.folder, ignore_errors=True)

    def _reclone(self) -> str:
        self.delete_copy()
        try:
            return self._fetch()
        except RepositoryUnavailable:
            self.delete_copy()  # delete the partial copy, so that it does not fill the disk
            raise

    def _fetch(self, *options: str) -> str:
        folder = self.git.folder
        if not (folder / "HEAD").exists():
            folder.mkdir(exist_ok=True)
            self.git.text("init", "--bare", "--quiet", ".")
        self.remove_leftovers()
        self.git.text(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--force",
            *options,
            "--",
            self.url,
            f"+refs/heads/{self._branch}:{BRANCH_REF}",
        )
        self._repack()
        return self._full_id(BRANCH_REF)

    def _repack(self) -> None:
        """Put small packs together: each fetch brings one, and git looks for objects in all.

        A pack at least twice as large as all smaller ones together is not written again, so that
        this stays cheap in a large repository.
        """
        if sum(1 for _ in (self.git.folder / "objects" / "pack").glob("*.pack")) > _MAX_PACKS:
            self.git.run_ok("repack", "--geometric=2", "-d", "--quiet")

    def remove_leftovers(self) -> None:
        """Remove the packs and locks that a git left when it was killed, and this process with it.

        Git's own collection would remove the packs, but never runs here. What is younger than a
        command of git may last is left alone: another process may be at work.
        """
        over = time.time() - self.git.seconds
        packs = (self.git.folder / "objects" / "pack").glob("*tmp[-_]*")
        for path in (*packs, *(self.git.folder / "refs" / "handrail").rglob("*.lock")):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < over:
                    path.unlink()

    def commit(self, name: str) -> str:
        """Return the full id of a commit that is here already.

        Raises:
            CommitUnknown: there is no such commit, or the name fits several.
        """
        if not re.fullmatch(r"[0-9a-f]{4,64}", name):
            raise CommitUnknown(f'"{name[:80]}" is not the id of a commit.')
        try:
            return self._full_id(name)
        except HostUnavailable as error:
            raise CommitUnknown(
                f'There is no commit {name} in the history of "{self._branch}" of {self.url}. '
                "Look for its id with: flask sync status"
            ) from error

    def _full_id(self, name: str) -> str:
        return self.git.text("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")

    def contains(self, older: str, newer: str) -> bool:
        """Return whether the history of *newer* has *older* in it; both commits are ids."""
        return self.git.run_ok("merge-base", "--is-ancestor", older, newer)

    def author(self, commit: str) -> str:
        """Return who wrote *commit*, as `Name <e-mail>`."""
        return self.git.text("log", "-1", "--format=%an <%ae>", commit)[:200]

    def subject(self, commit: str) -> str:
        """Return the first line of the message of *commit*."""
        return self.git.text("log", "-1", "--format=%s", commit)[:200]

    @contextmanager
    def snapshot(self, commit: str, folder: str, known: Mapping[str, str]) -> Iterator[Snapshot]:
        """Yield what *commit* holds; see `read_snapshot`. Read it within the block.

        Raises:
            RepositoryUnavailable: the folder is not there.
            CopyDamaged: git ended early; `with_reclone` makes another copy.
            Stopped: the process stops; also while the folders are read.
        """
        with self.git.objects() as objects:
            yield read_snapshot(objects, self.url, commit, folder, known)

    def with_reclone(self, work: Callable[[], R]) -> R:
        """Return what *work* returns; if our copy is damaged, make a new one and work once more."""
        try:
            return work()
        except CopyDamaged:
            self._reclone()
            return work()
