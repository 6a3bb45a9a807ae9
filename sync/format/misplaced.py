"""Walkthroughs that are not where they are looked for, or far too many; no mistake archives any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sync.format.manifest import read_manifest
from sync.format.text import decode_text
from sync.layout import (
    MANIFEST,
    MAX_STEPS_OF_ALL,
    MAX_WALKTHROUGHS,
    WALKTHROUGHS,
    EntryKind,
    FileData,
)
from walkthroughs.content.limits import MAX_MANIFEST
from walkthroughs.content.problems import Problem

#: What people call a manifest, in small letters.
_LIKE_A_MANIFEST = frozenset(
    {"walkthrough.yaml", "walkthrough.yml", "walkthroughs.yaml", "walkthroughs.yml"}
    | {"walkthrough.yml.txt", "walkthrough.json", "walkthrough.toml", "manifest.yml"}
)
_LIKE_THE_FOLDER = frozenset({"walkthroughs", "walkthrough"})


#: Says which walkthrough was last read from a folder; none if nothing was.
LastId = Callable[[str], str | None]


def no_last_id(_: str) -> str | None:
    """Know of no earlier reading."""
    return None


class Misplaced:
    """The walkthroughs that stay as they are, since their folder cannot be read.

    Attributes:
        held: their ids.
        all_known: false if there may be more, so that no code can say which ones are gone.
    """

    def __init__(self, last_id: LastId) -> None:
        self._last_id = last_id
        self.held: set[str] = set()
        self.all_known = True

    def hold(self, folder: str, author_id: str | None) -> None:
        """Let a walkthrough stay: the one that *folder* had last, and the one with this id.

        No id: it cannot be read, and may be any.
        """
        last = self._last_id(folder.removeprefix(f"{WALKTHROUGHS}/"))
        self.held.update(each for each in (last, author_id) if each)
        if author_id is None:
            self.all_known = False

    def hold_all(self) -> None:
        """Let every walkthrough stay."""
        self.all_known = False


def entry_problems(
    root: Mapping[str, EntryKind], stray: Mapping[str, EntryKind], misplaced: Misplaced
) -> Iterator[Problem]:
    """Yield a problem for each name around the walkthroughs' folders that is a mistake.

    Args:
        root: what is in the content's folder.
        stray: what is in `walkthroughs/` and is no folder.
        misplaced: takes what stays because of it.
    """
    for name, kind in sorted(root.items()):
        small = name.lower()
        if small in _LIKE_THE_FOLDER and name != WALKTHROUGHS and kind is not EntryKind.FILE:
            misplaced.hold_all()
            message = f'the folder "{name}" is not read; call it {WALKTHROUGHS}, in small letters'
            yield Problem(name, 1, message)
        elif small in {MANIFEST, "walkthrough.yaml"} and kind is EntryKind.FILE:
            misplaced.hold_all()
            yield Problem(name, 1, f"it is not read here; put it into {WALKTHROUGHS}/<a name>/")
    for name, kind in sorted(stray.items()):
        path = f"{WALKTHROUGHS}/{name}"
        if kind is EntryKind.LINK:
            misplaced.hold(path, None)
            message = "links and submodules are not followed; put the walkthrough's files here"
            yield Problem(path, 1, message)
        elif kind is EntryKind.FILE and name.lower() in _LIKE_A_MANIFEST:
            misplaced.hold_all()
            message = f"it is not read here; a walkthrough is a folder: {WALKTHROUGHS}/<a name>/"
            yield Problem(path, 1, message)


def size_problem(folders: int, steps: int) -> Problem | None:
    """Return the problem of a content source that has more folders or steps than are read."""
    if folders > MAX_WALKTHROUGHS:
        found = (
            f"{folders:,} folders; a content source has at most {MAX_WALKTHROUGHS:,} walkthroughs"
        )
    elif steps > MAX_STEPS_OF_ALL:
        found = f"more than {MAX_STEPS_OF_ALL:,} steps, and records of moved ones, in all"
    else:
        return None
    what_to_do = "Split the repository, or let several sources read several folders of it"
    return Problem(WALKTHROUGHS, 1, f"{found}. {what_to_do}")


def look_for_manifest(
    folder: str, files: Mapping[str, FileData], misplaced: Misplaced
) -> Iterator[Problem]:
    """Yield a problem for a folder whose manifest is not there: it is called otherwise, too deep.

    Args:
        folder: its path.
        files: all files in it.
        misplaced: takes what stays because of it.
    """
    alike = [path for path in sorted(files) if path.rsplit("/", 1)[1].lower() in _LIKE_A_MANIFEST]
    for path in alike:
        misplaced.hold(folder, _id_in(path, files[path]))
        place, name = path.rsplit("/", 1)
        if name != MANIFEST and place == folder:
            yield Problem(path, 1, f"{name} is not read; call it {MANIFEST}")
        else:
            yield Problem(path, 1, f"it is too deep; put its folder into {WALKTHROUGHS}/")
    pages = sum(path.endswith(".md") for path in files)
    if not alike and pages and set(files) != {f"{folder}/README.md"}:
        misplaced.hold(folder, "")
        message = f"there is no {MANIFEST} here, so the {pages:,} Markdown file(s) are not read"
        yield Problem(folder, 1, message)


def _id_in(path: str, data: FileData) -> str | None:
    """Return the id that a manifest has which is called otherwise, if it can be read."""
    text = decode_text(path, data, MAX_MANIFEST, [])
    return read_manifest(path, text, []).id if text else None
