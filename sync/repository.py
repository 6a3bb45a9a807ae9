"""Read Git without ever checking it out: a bare copy, plumbing commands, blobs as bytes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sync.credentials import Credential, environment
from sync.git_command import GitCommand, RepositoryUnavailable
from sync.parse import MAX_STEP_BYTES, ROOT_FILE, TOO_LARGE, WALKTHROUGHS
from walkthroughs.settings import Settings

_INCOMING = "refs/handrail/incoming"
_FILE_MODES = (b"100644", b"100755")
_READ_ENDINGS = (".yml", ".md")
#: So many changed folders, and one listing of everything is cheaper than one of each.
_LIST_EACH = 20


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


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    blob: str
    size: int


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
            f"+refs/heads/{self._branch}:{_INCOMING}",
        )
        return self.commit(_INCOMING)

    def commit(self, name: str) -> str:
        """Return the full id of a commit that is here already.

        Raises:
            RepositoryUnavailable: there is no such commit.
        """
        if not re.fullmatch(r"[0-9a-f]{4,64}", name) and name != _INCOMING:
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
        root = f"{commit}:{folder.strip('/')}" if folder.strip("/") else f"{commit}^{{tree}}"
        top = {e.path: e for e in _listed(self._tree("-l", root))}
        trees = self._folders(root)
        changed = [name for name, tree in trees.items() if known.get(name) != tree]
        entries = [entry for name, entry in top.items() if name == ROOT_FILE]
        if len(changed) > _LIST_EACH:
            every = _listed(self._tree("-r", "-l", f"{root_of(root)}{WALKTHROUGHS}"))
            wanted = set(changed)
            entries += [
                _Entry(f"{WALKTHROUGHS}/{e.path}", e.blob, e.size)
                for e in every
                if e.path.split("/")[0] in wanted
            ]
        else:
            for name in changed:
                prefix = f"{WALKTHROUGHS}/{name}"
                entries += [
                    _Entry(f"{prefix}/{e.path}", e.blob, e.size)
                    for e in _listed(self._tree("-r", "-l", trees[name]))
                ]
        return Snapshot(trees, self._read(entries))

    def _folders(self, root: str) -> dict[str, str]:
        """Return each walkthrough's folder and its tree."""
        parents = dict(_trees(self._tree(root)))
        if WALKTHROUGHS not in parents:
            raise RepositoryUnavailable(
                f'There is no folder "{WALKTHROUGHS}" in {self._url} at {root}. Nothing is '
                "archived because of that. Put it there, or set the source to another folder."
            )
        return dict(_trees(self._tree(parents[WALKTHROUGHS])))

    def _tree(self, *words: str) -> bytes:
        return self._git.output("ls-tree", "-z", "--full-tree", *words)

    def _read(self, entries: list[_Entry]) -> dict[str, bytes]:
        content = [e for e in entries if e.path.endswith(_READ_ENDINGS)]
        blobs = self._blobs([e.blob for e in content if e.size <= MAX_STEP_BYTES])
        files = {entry.path: b"" for entry in entries}
        return files | {e.path: blobs.get(e.blob, TOO_LARGE) for e in content}

    def _blobs(self, ids: list[str]) -> dict[str, bytes]:
        """Read all blobs through one process."""
        unique = sorted(set(ids))
        if not unique:
            return {}
        asked = "".join(f"{blob}\n" for blob in unique).encode()
        out = self._git.output("cat-file", "--batch", "--buffer", given=asked)
        contents, at = {}, 0
        for blob in unique:
            end = out.index(b"\n", at)
            size = int(out[at:end].split(b" ")[2])
            contents[blob] = out[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return contents


def root_of(root: str) -> str:
    """Return *root* so that a path can follow it."""
    return f"{root}/" if ":" in root else f"{root.removesuffix('^{tree}')}:"


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


def _listed(listing: bytes) -> Iterator[_Entry]:
    """Yield the files of `ls-tree -l`."""
    for mode, blob, size, path in _lines(listing):
        if mode in _FILE_MODES:
            yield _Entry(path, blob, int(size[0]))


def _trees(listing: bytes) -> Iterator[tuple[str, str]]:
    """Yield the folders of `ls-tree`, by name."""
    for mode, tree, _, path in _lines(listing):
        if mode == b"040000":
            yield path, tree


def _lines(listing: bytes) -> Iterator[tuple[bytes, str, list[bytes], str]]:
    for line in listing.split(b"\0"):
        facts, _, name = line.partition(b"\t")
        path = _plain(name)
        if line and path is not None:
            mode, _, oid, *size = facts.split()
            yield mode, oid.decode(), size, path


def _plain(name: bytes) -> str | None:
    """Return the path if it is one that an author would write, else none."""
    try:
        path = name.decode()
    except UnicodeDecodeError:
        return None
    if "\\" in path or any(unicodedata.category(each)[0] == "C" for each in path):
        return None
    return None if any(part.startswith("-") or part == ".." for part in path.split("/")) else path
