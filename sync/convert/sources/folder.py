"""A folder of Markdown: a step for each file, a section for each folder. Pure."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Mapping

from sync.convert.sources.pages import folder_title, folders_of, in_order, is_index, lessons_below
from sync.convert.titles import words
from sync.convert.values import Course, Notebook, PageRef
from walkthroughs.content.limits import MAX_STEPS


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
    groups: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[folders_of(path, root)[0] if folders_of(path, root) else ""].append(path)
    large = {folder for folder, own in groups.items() if folder and len(own) > 1}
    if len(groups) == len(large) == 1:
        return courses_below(files, name, notes, *large, is_mdx=is_mdx, by_folder=by_folder)
    if not (by_folder or len(paths) > MAX_STEPS or (len(large) > 1 and "" not in groups)):
        return [_course(files, name, None, paths, root, is_mdx=is_mdx)]
    found = []
    if by_folder:
        rest = [path for folder, own in groups.items() if folder not in large for path in own]
        groups = {"": rest, **{folder: own for folder, own in groups.items() if folder in large}}
    for folder, own in groups.items():
        title = _title(files, folder) if folder in large else None
        own_name = posixpath.basename(folder) or name
        found.append(_course(files, own_name, title, own, folder or root, is_mdx=is_mdx))
    return [course for course in found if course.pages]


def _course(
    files: Mapping[str, bytes],
    name: str,
    title: str | None,
    paths: list[str],
    root: str,
    *,
    is_mdx: bool,
) -> Course:
    """Return a course with a section for each folder; a page alone is split into steps."""
    counts = Counter(posixpath.dirname(path) for path in paths)
    refs = []
    for path in paths:
        folders = folders_of(path, root)
        if is_index(path) and counts[posixpath.dirname(path)] == 1:
            folders = folders[:-1]  # the folder is the page's own
        refs.append(PageRef(path, section=_title(files, folders[0]) if folders else None))
    return Course(name, tuple(refs), title, is_split=len(refs) == 1, is_mdx=is_mdx)


def _title(files: Mapping[str, bytes], folder: str) -> str:
    return folder_title(files, folder) or words(posixpath.basename(folder))
