"""What Git's trees hold, however large somebody made them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sync.git.errors import CopyDamaged
from sync.layout import MANIFEST, MAX_ENTRIES, visible_name

#: A line of a tree: the mode as Git writes it, the raw name, the id.
Entry = tuple[bytes, bytes, str]
#: The mode and the id of what has a name.
Node = tuple[bytes, str]
FILE_MODES = (b"100644", b"100755")
TREE_MODE = b"40000"
#: A folder with a hundred thousand entries is not one that people write.
MAX_TREE_BYTES = 4 * 1024 * 1024
#: Of the paths in one folder, together: a name is repeated in each path below it.
_MAX_LETTERS = 16 * 1024 * 1024
#: What a path takes in memory beside its letters.
_PATH_BYTES = 250
#: Stands for the blob of a manifest whose folder has too many files to look through.
FOLDER_TOO_LARGE = ""


class Folder:
    """What is found in one walkthrough's folder; nothing of it, once that is far too much."""

    def __init__(self, path: str) -> None:
        self._manifest = f"{path}/{MANIFEST}"
        self._files: dict[str, str] = {}
        self._count = self._letters = 0
        self._has_manifest = False

    @property
    def weight(self) -> int:
        """Return about how many bytes of memory its paths take."""
        return 0 if self.is_full else _PATH_BYTES * self._count + self._letters

    @property
    def is_full(self) -> bool:
        """Return whether more is in it than is looked at."""
        return self._count > MAX_ENTRIES or self._letters > _MAX_LETTERS

    def add_level(self, at: str, inner: Mapping[str, Node] | None) -> list[tuple[str, str]]:
        """Take what is in the folder *at* (none: too much); return path and tree of its folders."""
        if inner is None:  # the folder was too large to read
            self._count += MAX_ENTRIES + 1
            self._has_manifest |= self._manifest == f"{at}/{MANIFEST}"
            return []
        self._count += len(inner)
        self._letters += len(inner) * len(f"{at}/") + sum(map(len, inner))
        self._has_manifest |= self._manifest == f"{at}/{MANIFEST}" and MANIFEST in inner
        if self.is_full:
            self._files = {}
            return []
        paths = {f"{at}/{name}": node for name, node in inner.items()}
        self._files |= {path: oid for path, (mode, oid) in paths.items() if mode in FILE_MODES}
        return [(path, oid) for path, (mode, oid) in paths.items() if mode == TREE_MODE]

    def listed(self) -> dict[str, str]:
        """Return path -> blob of the files."""
        if not self.is_full:
            return self._files
        return {self._manifest: FOLDER_TOO_LARGE} if self._has_manifest else {}


def entries_by_name(tree: bytes, id_bytes: int) -> dict[str, Node]:
    """Return the entries of a tree whose names authors would write, by name.

    Raises:
        CopyBroken: it is no tree.
    """
    try:
        lines = parse_tree(tree, id_bytes)
    except ValueError as error:
        raise CopyDamaged("The copy of the repository has a damaged folder.") from error
    return {
        text: (mode, oid) for mode, name, oid in lines if (text := visible_name(name)) is not None
    }


def parse_tree(tree: bytes, id_bytes: int) -> list[Entry]:
    """Return the lines of a tree object; *id_bytes* is 20, or 32 in a SHA-256 repository. Pure.

    Raises:
        ValueError: it is no tree.
    """
    found = re.findall(rb"(\d+) ([^\0]+)\0(.{%d})" % id_bytes, tree, re.DOTALL)
    if sum([len(mode) + len(name) + 2 + id_bytes for mode, name, _ in found]) != len(tree):
        raise ValueError("not a tree")
    return [(mode, name, oid.hex()) for mode, name, oid in found]
