"""What a commit holds: the folders of walkthroughs by their trees, and their files, in turn.

Trees and blobs come from one git process, a hundred folders at a time, so that
memory holds one walkthrough's texts however many the repository has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from sync.git.errors import ContentInvalid, CopyDamaged, SourceInvalid
from sync.git.objects import (
    FILE_MODES,
    MAX_TREE_BYTES,
    TREE_MODE,
    Node,
    Objects,
    entries_by_name,
)
from sync.layout import (
    MANIFEST,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_FILE_BYTES,
    PICTURE_ENDINGS,
    READ_ENDINGS,
    ROOT_FILE,
    WALKTHROUGHS,
    EntryKind,
    FileData,
    PictureFile,
    Unread,
)
from walkthroughs.content.picture_reader import read_picture
from walkthroughs.content.pictures import MAX_PICTURE_BYTES, TOO_LARGE, Picture, PictureRefused

_BATCH_FOLDERS = 100
#: Bytes of memory for the paths of several folders; one folder may have more.
_MAX_HELD = 8 * 1024 * 1024
#: Of the paths in one folder, together: a name is repeated in each path below it.
_MAX_LETTERS = 16 * 1024 * 1024
#: What a path takes in memory beside its letters.
_PATH_BYTES = 250
#: Stands for the blob of a manifest whose folder has too many files to look through.
_FOLDER_TOO_LARGE = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a commit holds.

    Attributes:
        trees: each walkthrough's folder and the id of its Git tree.
        root_entries: the names in the content's folder.
        stray_entries: the names in `walkthroughs/` that are no folders.
        root: the repository's own settings; none if it has none.
        folders: path of each folder that is not known, and its files (path ->
            bytes; `Unread.TOO_LARGE` when they are, empty for what is not content). Pictures
            are read when they are opened.
            Read while it is iterated, once.
        read: reads folders by their names, known or not, as `folders` yields them.
    """

    trees: Mapping[str, str]
    root_entries: Mapping[str, EntryKind]
    stray_entries: Mapping[str, EntryKind]
    root: FileData | None
    folders: Iterator[tuple[str, Mapping[str, FileData]]]
    read: Callable[[Iterable[str]], Iterator[tuple[str, Mapping[str, FileData]]]]


def read_snapshot(
    objects: Objects, shown: str, commit: str, folder: str, known: Mapping[str, str]
) -> Snapshot:
    """Return what *commit* holds under *folder*; folders whose tree is *known* are not read.

    Links, submodules and names that no author writes are left out.

    Args:
        objects: of the repository; they must last as long as the snapshot is read.
        shown: the repository as error messages name it.
        commit: an id.
        folder: the source's folder in the repository; empty for all of it.
        known: walkthrough folder -> tree id that was read before.

    Raises:
        SourceInvalid: the folder is not there.
        CopyBroken: the copy lacks something; also while the folders are read.
    """
    inside = folder.strip("/")
    root = f"{commit}:{inside}" if inside else f"{commit}^{{tree}}"
    id_bytes = len(commit) // 2
    top = _tree(objects, root, id_bytes, shown)
    parent = top.get(WALKTHROUGHS)
    if parent is None or parent[0] != TREE_MODE:
        alike = next((f' There is "{name}".' for name in top if name.lower() == WALKTHROUGHS), "")
        raise SourceInvalid(
            f'There is no folder "{WALKTHROUGHS}" in {shown} at {root}.{alike} Nothing is '
            "archived because of that. Put it there, or set the source to another folder."
        )
    found = _tree(objects, parent[1], id_bytes, shown)
    trees = {name: oid for name, (mode, oid) in found.items() if mode == TREE_MODE}
    changed = [name for name, tree in trees.items() if known.get(name) != tree]
    settings = top.get(ROOT_FILE)
    if settings is not None and settings[0] in FILE_MODES:
        (data,) = objects.contents([settings[1]], MAX_FILE_BYTES)
    else:
        data = None

    def read(names: Iterable[str]) -> Iterator[tuple[str, Mapping[str, FileData]]]:
        return _folders(objects, {name: trees[name] for name in names}, id_bytes)

    # Of a thousand walkthroughs, there is none that is no folder.
    stray = _kinds({name: node for name, node in found.items() if node[0] != TREE_MODE})
    return Snapshot(trees, _kinds(top), stray, data, read(sorted(changed)), read)


def _kinds(entries: Mapping[str, Node]) -> dict[str, EntryKind]:
    kinds = {TREE_MODE: EntryKind.FOLDER} | dict.fromkeys(FILE_MODES, EntryKind.FILE)
    return {name: kinds.get(mode, EntryKind.LINK) for name, (mode, _) in entries.items()}


def _tree(objects: Objects, name: str, id_bytes: int, shown: str) -> dict[str, Node]:
    """Return what a tree holds, by name."""
    (tree,) = objects.contents([name], MAX_TREE_BYTES, b"tree")
    if tree is None:
        raise SourceInvalid(f"There is no folder {name} in {shown}.")
    if isinstance(tree, Unread):
        raise ContentInvalid(f"A folder of {shown} has far too many entries.")
    return entries_by_name(tree, id_bytes)


def _folders(
    objects: Objects, trees: Mapping[str, str], id_bytes: int
) -> Iterator[tuple[str, Mapping[str, FileData]]]:
    names, at, size = list(trees), 0, _BATCH_FOLDERS
    while at < len(names):
        some = {f"{WALKTHROUGHS}/{name}": trees[name] for name in names[at : at + size]}
        listed = _list_files(objects, some, id_bytes)
        if listed is None:
            size = max(1, size // 4)
            continue
        at, size = at + size, min(2 * size, _BATCH_FOLDERS)
        content = [
            oid for files in listed.values() for path, oid in files.items() if _is_read(path, oid)
        ]
        blobs = objects.contents(content, MAX_FILE_BYTES)
        for folder, files in listed.items():
            yield folder, {path: _data(objects, path, oid, blobs) for path, oid in files.items()}


def _is_read(path: str, oid: str) -> bool:
    return path.endswith(READ_ENDINGS) and oid != _FOLDER_TOO_LARGE


def _data(
    objects: Objects, path: str, oid: str, blobs: Iterator[bytes | Unread | None]
) -> FileData:
    if oid == _FOLDER_TOO_LARGE:
        return Unread.TOO_MANY
    if path.lower().endswith(PICTURE_ENDINGS):
        return PictureFile(partial(_picture, objects, oid))
    if not _is_read(path, oid):
        return b""
    blob = next(blobs)
    if blob is None:
        raise CopyDamaged("The copy of the repository misses some of its files.")
    return blob


def _picture(objects: Objects, oid: str) -> Picture:
    blob = objects.aside(oid, MAX_PICTURE_BYTES)
    if blob is None:
        raise CopyDamaged("The copy of the repository misses some of its pictures.")
    if isinstance(blob, Unread):
        raise PictureRefused(TOO_LARGE)
    return read_picture(blob)


def _list_files(
    objects: Objects, folders: Mapping[str, str], id_bytes: int
) -> dict[str, dict[str, str]] | None:
    """Return path -> blob of the files of each folder (path -> tree).

    None: they have so many files that fewer folders should be asked for at once.

    One level of all of them at a time: few waits for git, however many folders.
    """
    found = {folder: _Folder(folder) for folder in folders}
    level = [(found[folder], folder, tree) for folder, tree in folders.items()]
    for _ in range(MAX_DEPTH):
        trees = objects.contents([tree for _, _, tree in level], MAX_TREE_BYTES, b"tree")
        below: list[tuple[_Folder, str, str]] = []
        held = sum(each.weight for each in found.values())
        for (owner, at, _), tree in zip(level, trees, strict=True):
            if tree is None:
                raise CopyDamaged("The copy of the repository misses some of its folders.")
            if owner.is_full or (held > _MAX_HELD and len(folders) > 1):
                continue  # what git was asked for is read to its end all the same
            inner = None if isinstance(tree, Unread) else entries_by_name(tree, id_bytes)
            before = owner.weight
            below += [(owner, path, oid) for path, oid in owner.add_level(at, inner)]
            held += owner.weight - before
        if held > _MAX_HELD and len(folders) > 1:
            return None
        if not below:
            break
        level = below
    return {folder: each.listed() for folder, each in found.items()}


class _Folder:
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
        is_top, names = self._manifest == f"{at}/{MANIFEST}", inner or {}
        self._has_manifest |= is_top and (inner is None or MANIFEST in inner)
        self._count += MAX_ENTRIES + 1 if inner is None else len(inner)
        self._letters += len(names) * len(f"{at}/") + sum(map(len, names))
        if self.is_full:
            self._files = {}
            return []
        paths = {f"{at}/{name}": node for name, node in names.items()}
        self._files |= {path: oid for path, (mode, oid) in paths.items() if mode in FILE_MODES}
        return [(path, oid) for path, (mode, oid) in paths.items() if mode == TREE_MODE]

    def listed(self) -> dict[str, str]:
        """Return path -> blob of the files."""
        if not self.is_full:
            return self._files
        return {self._manifest: _FOLDER_TOO_LARGE} if self._has_manifest else {}
