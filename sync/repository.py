"""Read Git without ever checking it out: a bare copy, plumbing commands, blobs as bytes."""

from __future__ import annotations

import re
import shutil
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sync.address import transport
from sync.credentials import Credential, environment
from sync.git_command import CopyBroken, GitCommand, RepositoryUnavailable
from sync.objects import Entry, Objects, entries
from sync.parse import ROOT_FILE, WALKTHROUGHS
from sync.step_file import MAX_STEP_BYTES, TOO_LARGE
from walkthroughs.settings import Settings

#: Where the branch is kept in the bare copy.
INCOMING = "refs/handrail/incoming"
#: As many as git's own collection, which never runs here, would allow.
_MOST_PACKS = 50
_FILE_MODES = (b"100644", b"100755")
_READ_ENDINGS = (".yml", ".md")
_TREE = b"40000"
#: A folder with a hundred thousand files is not one that people write.
_MAX_TREE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a commit holds.

    Attributes:
        trees: each walkthrough's folder and the id of its Git tree.
        files: path -> bytes of the folders that were asked for and of the root
            file; `TOO_LARGE` when they are, empty for what is not content.
    """

    trees: Mapping[str, str]
    files: Mapping[str, bytes]


@contextmanager
def opened(
    folder: Path, url: str, branch: str, credential: Credential | None, settings: Settings
) -> Iterator[Repository]:
    """Yield the repository, with its credentials at hand while the block runs.

    Raises:
        RepositoryUnavailable: the address or the branch cannot be used at all.
    """
    way = transport(url, branch, settings)
    try:
        with environment(url, credential, way) as variables:
            yield Repository(GitCommand(folder, url, variables, settings.git_seconds), url, branch)
    except OSError as error:
        raise RepositoryUnavailable(
            f"This machine could not work on its copy of {url}: {error.strerror or error}. "
            "It is tried again."
        ) from error


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
        # Git also finds what merely ends like the name, such as the branch `x/refs/heads/main`.
        lines = (line.split("\t") for line in found.splitlines())
        commit = next((line[0] for line in lines if line[-1] == ref), "")
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
            return self._anew()

    def forget(self) -> None:
        """Remove the copy; the next fetch makes it anew."""
        shutil.rmtree(self._git.folder, ignore_errors=True)

    def _anew(self) -> str:
        self.forget()
        try:
            return self._fetch()
        except RepositoryUnavailable:
            self.forget()  # half a pack that fills the disk is of no use to anybody
            raise

    def _fetch(self) -> str:
        folder = self._git.folder
        if not (folder / "HEAD").exists():
            folder.mkdir(parents=True, exist_ok=True)
            self._git.text("init", "--bare", "--quiet", ".")
        self._sweep()
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
        self._gather()
        return self.commit(INCOMING)

    def _gather(self) -> None:
        """Put small packs together: each fetch brings one, and git looks for objects in all.

        A pack at least twice as large as all smaller ones together is not written again, so that
        this stays cheap in a large repository.
        """
        if sum(1 for _ in (self._git.folder / "objects" / "pack").glob("*.pack")) > _MOST_PACKS:
            self._git.succeeds("repack", "--geometric=2", "-d", "--quiet")

    def _sweep(self) -> None:
        """Remove the packs that a git left unfinished when it was killed, and this process with it.

        Git's own collection would, but never runs here. What is younger than a command of git may
        last is left alone: another process may be fetching.
        """
        over = time.time() - self._git.seconds
        for path in (self._git.folder / "objects" / "pack").glob("*tmp[-_]*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < over:
                    path.unlink()

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

    def snapshot(self, commit: str, folder: str, known: Mapping[str, str]) -> Snapshot:
        """Return what *commit* holds under *folder*; folders whose tree is *known* are not read.

        Links, submodules and names that no author writes are left out.

        Args:
            commit: an id.
            folder: the source's folder in the repository; empty for all of it.
            known: walkthrough folder -> tree id that was read before.

        Raises:
            RepositoryUnavailable: the folder is not there.
        """
        try:
            return self._snapshot(commit, folder, known)
        except CopyBroken:
            self.forget()
            self._fetch()
            return self._snapshot(commit, folder, known)

    def _snapshot(self, commit: str, folder: str, known: Mapping[str, str]) -> Snapshot:
        root = f"{commit}:{folder.strip('/')}" if folder.strip("/") else f"{commit}^{{tree}}"
        with self._git.objects() as objects:
            top = self._tree(objects, root, len(commit) // 2)
            parent = top.get(WALKTHROUGHS)
            if parent is None or parent.mode != _TREE:
                raise RepositoryUnavailable(
                    f'There is no folder "{WALKTHROUGHS}" in {self._url} at {root}. Nothing is '
                    "archived because of that. Put it there, or set the source to another folder."
                )
            found = self._tree(objects, parent.oid, len(commit) // 2)
            trees = {name: each.oid for name, each in found.items() if each.mode == _TREE}
            changed = {
                f"{WALKTHROUGHS}/{name}": tree
                for name, tree in trees.items()
                if known.get(name) != tree
            }
            files = self._files(objects, changed, len(commit) // 2)
            if ROOT_FILE in top and top[ROOT_FILE].mode in _FILE_MODES:
                files[ROOT_FILE] = top[ROOT_FILE].oid
            return Snapshot(trees, _read(objects, files))

    def _tree(self, objects: Objects, name: str, id_bytes: int) -> dict[str, Entry]:
        """Return what a tree holds, by name."""
        return self._trees(objects, [name], id_bytes)[0]

    def _trees(
        self, objects: Objects, names: Sequence[str], id_bytes: int
    ) -> list[dict[str, Entry]]:
        found = []
        for name, tree in zip(names, objects.contents(names, _MAX_TREE_BYTES), strict=True):
            if tree is None:
                raise RepositoryUnavailable(f"There is no folder {name} in {self._url}.")
            if tree == TOO_LARGE:
                raise RepositoryUnavailable(f"A folder of {self._url} has far too many entries.")
            lines = entries(tree, id_bytes)
            found.append({plain: e for e in lines if (plain := _plain(e.name)) is not None})
        return found

    def _files(self, objects: Objects, folders: Mapping[str, str], id_bytes: int) -> dict[str, str]:
        """Return path -> blob of every file in *folders*, one level of folders at a time."""
        files: dict[str, str] = {}
        level = dict(folders)
        while level:
            below: dict[str, str] = {}
            found = self._trees(objects, list(level.values()), id_bytes)
            for folder, inside in zip(level, found, strict=True):
                for name, entry in inside.items():
                    if entry.mode == _TREE:
                        below[f"{folder}/{name}"] = entry.oid
                    elif entry.mode in _FILE_MODES:
                        files[f"{folder}/{name}"] = entry.oid
            level = below
        return files


def _read(objects: Objects, files: Mapping[str, str]) -> dict[str, bytes]:
    """Return the bytes of the content among *files* (path -> blob), nothing of the others."""
    content = {path: blob for path, blob in files.items() if path.endswith(_READ_ENDINGS)}
    wanted = sorted(set(content.values()))
    blobs = dict(zip(wanted, objects.contents(wanted, MAX_STEP_BYTES), strict=True))
    if None in blobs.values():
        raise CopyBroken("The copy of the repository misses some of its files.")
    return {path: blobs.get(blob) or b"" for path, blob in files.items()}


def _plain(name: bytes) -> str | None:
    """Return the path if it is one that an author would write, else none."""
    try:
        path = name.decode()
    except UnicodeDecodeError:
        return None
    if "\\" in path or not (path.isascii() or _shows(path)) or not path.isprintable():
        return None
    return None if path.startswith("-") or path == ".." else path


def _shows(path: str) -> bool:
    """Return whether every character of *path* is one that people see."""
    return not any(unicodedata.category(each)[0] == "C" for each in path)
