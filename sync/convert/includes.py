"""Files that a page takes in: mdBook's `{{#include}}` and snippets of MkDocs. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from sync.convert.front_matter import read_text
from sync.convert.lines import Line
from sync.convert.values import Notes
from sync.layout import MAX_FILE_BYTES

_INCLUDE = re.compile(
    r"[ \t]*(?:\{\{#(?:rustdoc_include|include|playground)[ \t]+(?P<path>[^\s{}:]+)"
    r"(?P<part>(?::[\w-]*){0,2})[^{}]*\}\}|-+8<-+[ \t]+[\"'](?P<snippet>[^\"':]+)[\"'])[ \t]*"
)
_ANCHOR = re.compile(r".*\bANCHOR(?:_END)?:[ \t]*([\w-]+).*")


def include_files(
    lines: list[Line], page: str, files: Mapping[str, bytes], notes: Notes
) -> list[Line]:
    """Return the lines with files in place of the lines that name them, where they are there."""
    result: list[Line] = []
    room = MAX_FILE_BYTES
    for line in lines:
        found = _INCLUDE.fullmatch(line.text) if "{{#" in line.text or "8<" in line.text else None
        text = _named_file(found, page, files) if found else None
        if found is None or text is None:
            result.append(line)
            continue
        included = _part(text.rstrip("\n").split("\n"), (found["part"] or "")[1:])
        room -= sum(map(len, included))
        if room < 0:
            notes.add(line.number, "what is included here is too long, and was left out")
        else:
            result += [Line(each, line.number) for each in included]
    return result


def _named_file(found: re.Match[str], page: str, files: Mapping[str, bytes]) -> str | None:
    """Return the text of the file that a line names: from its folder, or from the root."""
    name = found["path"] or found["snippet"]
    here = posixpath.dirname(page)
    for base in (here, "", here.split("/")[0]):
        path = posixpath.normpath(posixpath.join(base, name))
        if path in files:
            return read_text(files[path])
    return None


def _part(lines: list[str], part: str) -> list[str]:
    """Return what `:first:last` or `:anchor` names of a file, without the anchors' lines."""
    first, _, last = part.partition(":")
    if part and (first.isdigit() or not first) and (last.isdigit() or not last):
        end = int(last) if last else (len(lines) if ":" in part else int(first))
        lines = lines[max(0, int(first or 1) - 1) : end]
    elif part:
        lines = _anchored(lines, first)
    return [line for line in lines if not _ANCHOR.fullmatch(line)]


def _anchored(lines: list[str], name: str) -> list[str]:
    kept, is_inside = [], False
    for line in lines:
        found = _ANCHOR.fullmatch(line)
        if found and found[1] == name:
            is_inside = "ANCHOR_END" not in line
        elif is_inside:
            kept.append(line)
    return kept
