"""MkDocs: the pages of `nav`, a section for each of its groups. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from sync.convert.front_matter import read_text
from sync.convert.sources.folder import courses_below
from sync.convert.values import Course, Notebook, PageRef
from sync.format.yaml_subset import Mapping as YamlMapping
from sync.format.yaml_subset import Node, Scalar, Sequence, YamlRefused, load

#: The rest of the file may hold tags of Python, which are not read.
_NAV = re.compile(r"^nav:[^\n]*\n(?:[ \t-][^\n]*\n|#[^\n]*\n|\n)*", re.MULTILINE)
_SETTING = r"^{}:[ \t]*['\"]?([^'\"#\n]+?)['\"]?[ \t]*(?:#.*)?$"


def courses(files: Mapping[str, bytes], name: str, notes: Notebook) -> list[Course]:
    """Return the site's course."""
    configs = [path for path in files if posixpath.basename(path) in {"mkdocs.yml", "mkdocs.yaml"}]
    if not configs:
        return []
    config = min(configs, key=lambda path: (path.count("/"), path))
    text = f"{read_text(files[config]) or ''}\n"
    root = posixpath.normpath(
        posixpath.join(posixpath.dirname(config), _setting(text, "docs_dir") or "docs")
    )
    root = "" if root == "." else root
    nav = _NAV.search(text)
    pages = []
    if nav:
        try:
            node = load(nav[0])
            pages = list(_pages(node, root, None)) if isinstance(node, YamlMapping) else []
        except YamlRefused as error:
            notes.of(config).add(1, f"the order was not read: {error}")
    pages = [page for page in dict.fromkeys(pages) if page.path in files]
    title = _setting(text, "site_name")
    if pages:
        return [Course(name, tuple(pages), title)]
    found = courses_below(files, name, notes, root)
    return [
        Course(each.name, each.pages, each.title or title, is_split=each.is_split) for each in found
    ]


def _setting(text: str, key: str) -> str | None:
    found = re.search(_SETTING.format(key), text, re.MULTILINE)
    return found[1] if found else None


def _pages(node: Node, root: str, section: str | None) -> Iterator[PageRef]:
    if isinstance(node, Scalar):
        yield PageRef(posixpath.normpath(posixpath.join(root, node.text)), section=section)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _pages(item, root, section)
    else:
        for title, item in node.items.items():
            if isinstance(item, Scalar):
                path = posixpath.normpath(posixpath.join(root, item.text))
                yield PageRef(path, title.strip() or None, section)
            else:  # a site can show a group without a title
                group = None if title == "nav" else title.strip() or None
                yield from _pages(item, root, section or group)
