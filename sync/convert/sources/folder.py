"""A folder of Markdown: a step for each file, a section for each folder. Pure."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Mapping

from sync.convert.page import words
from sync.convert.sources.pages import folder_title, folders_of, in_order, is_index, lessons_below
from sync.convert.values import Course, Notebook, PageRef
from sync.layout import MAX_STEPS


def courses(files: Mapping[str, bytes], name: str, notes: Notebook) -> list[Course]:
    """Return one course; one for each folder, if all pages are in several folders or too many."""
    return courses_below(files, name, notes, "")


def courses_below(
    files: Mapping[str, bytes],
    name: str,
    notes: Notebook,
    root: str,
    *,
    is_mdx: bool = False,
    by_folder: bool = False,
) -> list[Course]:
    """Return the courses of the pages below *root*.

    If *by_folder*, each folder that holds at least two pages is one, whatever else there is.
    """
    paths = in_order(files, lessons_below(files, root), root)
    readme = posixpath.join(root, "README.md")
    if readme in paths and len(paths) > 1:
        paths.remove(readme)
        notes.of(readme).add(1, "left out: it is about the repository")
    if not paths:
        return []
    if len(paths) == 1:
        return [Course(name, (PageRef(paths[0]),), is_split=True, is_mdx=is_mdx)]
    groups: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folders = folders_of(path, root)
        groups[folders[0] if folders else ""].append(path)
    large = {folder for folder, own in groups.items() if folder and len(own) > 1}
    small = [path for path in paths if (folders_of(path, root) or [""])[0] not in large]
    if len(large) == 1 and not small:
        return courses_below(files, name, notes, *large, is_mdx=is_mdx, by_folder=by_folder)
    if not (by_folder or len(paths) > MAX_STEPS or (len(large) > 1 and not small)):
        return [_course(files, name, None, paths, root, is_mdx=is_mdx)]
    rest = [_course(files, name, None, small, root, is_mdx=is_mdx)] if small else []
    return rest + [
        _course(
            files,
            posixpath.basename(folder),
            _title(files, folder),
            groups[folder],
            folder,
            is_mdx=is_mdx,
        )
        for folder in groups
        if folder in large
    ]


def _course(
    files: Mapping[str, bytes],
    name: str,
    title: str | None,
    paths: list[str],
    root: str,
    *,
    is_mdx: bool,
) -> Course:
    refs = []
    for path in paths:
        folders = folders_of(path, root)
        alone = (
            is_index(path)
            and sum(each.startswith(f"{posixpath.dirname(path)}/") for each in paths) == 1
        )
        if alone:
            folders = folders[:-1]
        section = _title(files, folders[0]) if folders else None
        refs.append(PageRef(path, section=section))
    return Course(name, tuple(refs), title, is_mdx=is_mdx)


def _title(files: Mapping[str, bytes], folder: str) -> str:
    return folder_title(files, folder) or words(posixpath.basename(folder))
