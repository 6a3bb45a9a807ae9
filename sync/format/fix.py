"""Write what authors need not write themselves; everything else of a file stays as it is."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from sync.format.manifest import read_manifest
from sync.format.text import FileText, file_text, slug
from sync.format.yaml_subset import Mapping, Scalar, YamlRefused, load, quoted
from sync.layout import MANIFEST, MAX_FILE_BYTES
from walkthroughs.content.html_rules import is_placeholder
from walkthroughs.content.reader import read

_FRONT = re.compile(r"---\n(?P<front>(?:.*\n)*?)---(?:\n|\Z)")
_HEADING = re.compile(r"\s*# +(?P<title>\S.*?)(?: +#+)? *(?:\n+|\Z)")
#: A line that opens a part for the assistant, spelt as elsewhere, and perhaps indented.
_OPENS = re.compile(r" {0,3}(:{3,})[ \t]*(?:\{[ \t]*)?\.?(agent|verify)\b[^\n]*\Z", re.IGNORECASE)
_CLOSES = re.compile(r" {0,3}(:{3,})[ \t]*\Z")
#: A manifest's first lines may tell editors its schema.
_COMMENT = re.compile(r"#.*\n")
#: So often a text is read again in which backticks have made Markdown of HTML.
_MOST_PASSES = 100
#: What YAML takes for a text, whatever it is.
_PLAIN = re.compile(r"[A-Za-z][\w ,.()/'?!-]*[\w,.()/?!]|[A-Za-z]")


def fix_folder(folder: Path) -> list[str]:
    """Mend the walkthroughs under *folder*; return what was changed, as lines of a diff.

    A file that cannot be read is left alone; a second call changes nothing.
    """
    lines: list[str] = []
    for manifest in sorted(folder.glob(f"walkthroughs/*/{MANIFEST}")):
        for path, before, after in _fix_walkthrough(manifest):
            path.write_bytes(before.written(after))
            name = path.relative_to(folder).as_posix()
            old, new = before.text.splitlines(), after.splitlines()
            lines += difflib.unified_diff(old, new, name, name, lineterm="", n=1)
    return lines


def _fix_walkthrough(manifest: Path) -> Iterator[tuple[Path, FileText, str]]:
    file = _read(manifest)
    if file is None:
        return
    fallback = slug(manifest.parent.name) or "walkthrough"
    text = _with_id(file.text, fallback)
    if text != file.text:
        yield manifest, file, text
    taken: set[str] = set()
    opened = []
    for path in _step_files(manifest, text):
        step = _read(path)
        if step is not None:
            opened.append((path, step))
            taken.update(_id_of(step.text))
    for path, step in opened:
        fixed = _fix_step(step.text, path.stem, taken)
        if fixed != step.text:
            yield path, step, fixed


def _step_files(manifest: Path, text: str) -> list[Path]:
    """Return the files that the manifest lists, and those of `steps/`, each once."""
    folder = manifest.parent
    listed = [posixpath.normpath(each.file) for each in read_manifest("", text, []).steps]
    inside = [folder / name for name in listed if not name.startswith(("../", "/"))]
    return list(dict.fromkeys([*inside, *sorted(folder.glob("steps/**/*.md"))]))


def _read(path: Path) -> FileText | None:
    """Return a file; none if it is a link, too large, no text, or has line ends of two kinds."""
    try:
        if path.is_symlink() or path.stat().st_size > MAX_FILE_BYTES:
            return None
        return file_text(path.read_bytes())
    except OSError:
        return None  # the check that follows says what is wrong with it


def _fix_step(text: str, stem: str, taken: set[str]) -> str:
    if not text.startswith("---\n"):
        text = _with_front_matter(text)
    front = _FRONT.match(text)
    if front is None:
        return text
    head = f"---\n{_with_id(front['front'], stem, taken)}---\n"
    return head + _fix_body(text[front.end() :])


def _with_front_matter(text: str) -> str:
    """Make a front matter of a first heading."""
    found = _HEADING.match(text)
    if found is None:
        return text
    title = found["title"]
    shown = title if _PLAIN.fullmatch(title) else quoted(title)
    return f"---\ntitle: {shown}\n---\n{text[found.end() :]}"


def _with_id(yaml: str, fallback: str, taken: set[str] | None = None) -> str:
    """Return a mapping with an id, of its title or of *fallback*, that is not taken.

    Without *taken*, it is of *fallback* alone.
    """
    try:
        node = load(yaml)
    except YamlRefused:
        return yaml
    if not isinstance(node, Mapping) or "id" in node.items:
        return yaml
    title = node.items.get("title") if taken is not None else None
    wanted = slug(title.text if isinstance(title, Scalar) else "")
    new = wanted or slug(fallback) or slug(f"step-{fallback}")
    number, unique = 1, new
    while taken is not None and unique in taken:
        number += 1
        unique = f"{new[:58]}-{number}"
    if taken is not None:
        taken.add(unique)
    at = 0
    while found := _COMMENT.match(yaml, at):
        at = found.end()
    return f"{yaml[:at]}id: {unique}\n{yaml[at:]}"


def _id_of(text: str) -> list[str]:
    front = _FRONT.match(text)
    try:
        node = load(front["front"]) if front else None
    except YamlRefused:
        return []
    found = node.items.get("id") if isinstance(node, Mapping) else None
    return [found.text] if isinstance(found, Scalar) else []


def _fix_body(body: str) -> str:
    reading = read(body)
    lines = body.split("\n")
    is_inside = False
    for number, line in enumerate(lines):
        opens = _OPENS.match(line) if number not in reading.fenced else None
        closes = _CLOSES.match(line) if is_inside and number not in reading.fenced else None
        if opens and not is_inside:
            lines[number], is_inside = f"{opens[1]}{{{opens[2].lower()}}}", True
        elif closes:
            lines[number], is_inside = closes[1], False
    return _with_quoted_placeholders("\n".join(lines))


def _with_quoted_placeholders(body: str) -> str:
    """Return *body* with backticks around its placeholders, where they make code of them.

    What is closed somewhere, as `<o>word</o>`, is none. A line that began as HTML is Markdown
    afterwards, and is read again.
    """
    for _ in range(_MOST_PASSES):
        pieces = read(body).html
        closed = {each.text[2:-1].strip() for each in pieces if each.text.startswith("</")}
        spans = [
            each.span()
            for each in pieces
            if is_placeholder(each.text) and not each.is_inside and each.text[1:-1] not in closed
        ]
        found = [span for span in spans if span and not _is_quoted(body, *span)]
        if not found:
            break
        for start, end in sorted(found, reverse=True):
            body = f"{body[:start]}`{body[start:end]}`{body[end:]}"
    return body


def _is_quoted(body: str, start: int, end: int) -> bool:
    """Return whether there are backticks already, though other ones keep them from being code."""
    return body[start - 1 : start] == body[end : end + 1] == "`"
