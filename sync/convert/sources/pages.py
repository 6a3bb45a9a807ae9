"""The Markdown files of a folder, in the order that their authors meant. Pure."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sync.convert.front_matter import front_of, read_text

_ENDINGS = (".md", ".mdx", ".markdown")
_INDEXES = frozenset({"index", "readme", "_index"})
#: About a repository or a site, not of a course.
_NO_LESSON = frozenset(
    {"404", "agents", "authors", "changelog", "citation", "claude", "code-of-conduct",
     "code_of_conduct", "contributing", "history", "issue_template", "license", "maintainers",
     "pull_request_template", "security", "summary", "support", "_coverpage", "_footer", "_navbar",
     "_sidebar"}
)  # fmt: skip
_NO_FOLDER = frozenset(
    {"node_modules", "vendor", "bower_components", "venv", "test", "tests", "testdata"}
)
_WEIGHTS = (
    "sidebar_position",
    "nav_order",
    "weight",
    "order",
    "position",
    "sort",
    "chapter",
    "number",
)
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?")
_LINK = re.compile(r"\]\(<?([^()<>\s]+)>?[^()]*\)")
_LAST = 1e12


def is_page(path: str) -> bool:
    """Return whether a file is Markdown."""
    return path.lower().endswith(_ENDINGS)


def is_picture(path: str) -> bool:
    """Return whether a file is a picture that a step may show, by its name."""
    return path.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".webp"))


def stem(path: str) -> str:
    """Return a file's name without its ending."""
    return posixpath.splitext(posixpath.basename(path))[0]


def is_index(path: str) -> bool:
    """Return whether a page stands for its folder."""
    return stem(path).lower() in _INDEXES


def lessons_below(files: Mapping[str, bytes], root: str) -> list[str]:
    """Return the pages below *root* that may be lessons; hidden folders are not looked into."""
    prefix = f"{root}/" if root else ""
    return [path for path in files if path.startswith(prefix) and _is_lesson(path[len(prefix) :])]


def _is_lesson(path: str) -> bool:
    *folders, _ = path.split("/")
    if any(each.startswith((".", "__")) or each.lower() in _NO_FOLDER for each in folders):
        return False
    return is_page(path) and stem(path).lower() not in _NO_LESSON and not stem(path).startswith(".")


def in_order(files: Mapping[str, bytes], paths: Iterable[str], root: str) -> list[str]:
    """Return the pages by their position (front matter, category file), else by name.

    Numbers in names count as numbers. A list of links that names most of them goes before names.
    """
    paths = list(paths)
    weights = {path: _weight(front_of(files[path])) for path in paths}
    folders: dict[str, float] = {}
    for path in paths:
        for folder in folders_of(path, root):
            folders.setdefault(folder, folder_weight(files, folder))

    def key(path: str) -> list[tuple[bool, float, list[tuple[int, str]]]]:
        own = [
            (True, folders[each], natural(posixpath.basename(each)))
            for each in folders_of(path, root)
        ]
        index = is_index(path)
        return [*own, (not index, -_LAST if index else weights[path], natural(stem(path)))]

    ordered = sorted(paths, key=key)
    has_weights = any(weight < _LAST for weight in (*weights.values(), *folders.values()))
    ranks = {} if has_weights else _listed(files, ordered, root)
    return sorted(ordered, key=lambda path: ranks.get(path, len(ranks))) if ranks else ordered


def folders_of(path: str, root: str) -> list[str]:
    """Return the folders from below *root* down to the one that holds the page."""
    parts = posixpath.dirname(path).split("/") if posixpath.dirname(path) else []
    start = len(root.split("/")) if root else 0
    return ["/".join(parts[: size + 1]) for size in range(start, len(parts))]


def folder_weight(files: Mapping[str, bytes], folder: str) -> float:
    """Return the position of a folder among its neighbours."""
    said = category(files, folder).get("position")
    if isinstance(said, int | float):
        return float(said)
    pages = (f"{folder}/{name}" for name in ("_index.md", "index.md", "index.mdx", "README.md"))
    return min((_weight(front_of(files[page])) for page in pages if page in files), default=_LAST)


def folder_title(files: Mapping[str, bytes], folder: str) -> str | None:
    """Return what a folder is called by its category file or its index page, if they say it."""
    label = category(files, folder).get("label")
    if isinstance(label, str):
        return label
    pages = (f"{folder}/{name}" for name in ("_index.md", "index.md", "index.mdx"))
    titles = (front_of(files[page]).get("title") for page in pages if page in files)
    return next((title for title in titles if title), None)


def category(files: Mapping[str, bytes], folder: str) -> dict[str, Any]:
    """Return what Docusaurus's category file of a folder says."""
    for name in ("_category_.json", "_category_.yml", "_category_.yaml"):
        text = read_text(files.get(f"{folder}/{name}", b""))
        if not text:
            continue
        if name.endswith("json"):
            return read_json(text)
        found = dict(
            re.findall(r"^(label|position):[ \t]*['\"]?(.+?)['\"]?[ \t]*$", text, re.MULTILINE)
        )
        position = found.get("position", "")
        return found | {"position": float(position) if _NUMBER.fullmatch(position) else None}
    return {}


def read_json(text: str) -> dict[str, Any]:
    """Return a JSON object; empty if it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names as numbers."""
    return [
        (int(each), "")
        if each.isascii() and each.isdigit()
        else (-1 if not each else 10**9, each.lower())
        for each in re.split(r"(\d{1,9})", name)
    ]


def _weight(front: Mapping[str, str]) -> float:
    said = next((front[key] for key in _WEIGHTS if key in front), "")
    return float(said) if _NUMBER.fullmatch(said) and float(said) else _LAST if said != "0" else 0.0


def _listed(files: Mapping[str, bytes], paths: list[str], root: str) -> dict[str, int]:
    """Return the ranks of pages that a page of contents links to, if it names most of them."""
    for name in ("SUMMARY.md", "_sidebar.md", "index.md", "README.md", "_index.md", "toc.md"):
        index = posixpath.join(root, name)
        text = read_text(files[index]) if index in files else None
        ranks: dict[str, int] = {}
        for url in _LINK.findall(text or ""):
            target = posixpath.normpath(posixpath.join(root, url.split("#")[0].lstrip("/")))
            for path in (target, f"{target}.md", f"{target}/README.md", f"{target}/index.md"):
                if path in files:
                    ranks.setdefault(path, len(ranks))
        known = [path for path in paths if path in ranks]
        if len(known) > 1 and len(known) * 2 >= len(paths) - 1:
            return {
                path: -1 if path == index else ranks[path]
                for path in [index, *known]
                if path in ranks or path == index
            }
    return {}
