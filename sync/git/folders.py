"""Find the folders of a commit that hold walkthroughs."""

from __future__ import annotations

from sync.git.objects import MAX_TREE_BYTES, TREE_MODE, Objects, entries_by_name
from sync.layout import WALKTHROUGHS

#: How far is looked: a person types what lies deeper.
_MAX_DEPTH = 3
_MAX_TREES = 300
_MAX_FOUND = 50


def content_folders(objects: Objects, commit: str) -> tuple[str, ...]:
    """Return the folders that have a folder `walkthroughs`; the empty one is all of the repository.

    The shortest ones first. Only so many folders are looked through.

    Raises:
        CopyDamaged: a folder cannot be read.
    """
    found: list[str] = []
    level, left = [("", f"{commit}^{{tree}}")], _MAX_TREES
    for _ in range(_MAX_DEPTH + 1):
        level, left = level[:left], left - len(level)
        trees = objects.contents([tree for _, tree in level], MAX_TREE_BYTES, b"tree")
        below: list[tuple[str, str]] = []
        for (at, _), tree in zip(level, trees, strict=True):
            if not isinstance(tree, bytes):
                continue  # it is not there, or far too large
            entries = entries_by_name(tree, len(commit) // 2)
            inner = {name: oid for name, (mode, oid) in entries.items() if mode == TREE_MODE}
            if WALKTHROUGHS in inner:
                found.append(at)
                continue
            below += [(f"{at}/{name}".lstrip("/"), oid) for name, oid in sorted(inner.items())]
        level = below
        if not level or left <= 0:
            break
    return tuple(found[:_MAX_FOUND])
