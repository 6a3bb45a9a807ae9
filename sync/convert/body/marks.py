"""What stands on lines or behind code and means something to another platform only. Pure."""

from __future__ import annotations

import re

from sync.convert.code import blocks, code_lines
from sync.convert.lines import Found, Line, joined, substitute
from sync.convert.values import Notes
from walkthroughs.content.reader import read

#: A fence that is closed may open what stands behind it.
_ROUNDS = 4
#: `{{exec}}` and its like behind code; Katacoda adds the terminal's name.
_RUN_MARK = re.compile(r"(`)[ \t]*\{\{(?:exec|execute|copy|open)\b[^{}\n]{0,60}\}\}")
_RUN_MARK_OF_FENCE = re.compile(r"([ \t>]*(?:`{3,}|~{3,}))[ \t]*\{\{[^{}]*\}\}[ \t]*")
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})([^`]*)")
_ESM = re.compile(
    r"import[ \t]+(?:[\w*{].*[ \t]from[ \t]+)?['\"].*|import[ \t]*\{.*"
    r"|export[ \t]+(?:const|default|function|let|async)\b.*"
)
_MDX_COMMENT = re.compile(r"\{/\*[^\0]{0,5000}?\*/\}")
#: Attributes of kramdown and Python-Markdown: behind an element, or on a line of their own.
_ATTRIBUTES = re.compile(
    r"[ \t]*\{:?[ \t]*(?:[.#][\w-]+|[\w-]+=(?:\"[^\"\n\0]{0,200}\"|[\w.%-]+))"
    r"(?:[ \t]+[^{}\n\0]{0,200})?\}(?=[ \t]*(?:\n|\Z|\0))"
    r"|^[ \t>]*\{:[^{}\n\0]{0,300}\}[ \t]*$",
    re.MULTILINE,
)
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: .*)?$|^={7}$", re.MULTILINE)
_ASIDE = re.compile(
    r"(?P<before>[ \t]*(?:>[ \t]*)?)(?:aside[ \t]+)?(?P<kind>positive|negative)[ \t]*",
    re.IGNORECASE,
)
_LABELS = {"positive": "Tip", "negative": "Warning"}


def remove_run_marks(lines: list[Line]) -> list[Line]:
    """Take the marks away that made code run or be copied by a click."""
    changed = []
    for line in lines:
        text = line.text
        if ("{{" in text and "`" in text) or "~~~" in text:
            whole = _RUN_MARK_OF_FENCE.fullmatch(text)
            text = whole[1] if whole else _RUN_MARK.sub(r"\1", text)
        changed.append(Line(text, line.number))
    return changed


def close_fences(lines: list[Line], notes: Notes) -> list[Line]:
    """Close code fences that are open at the end of the page, of a list or of a quote."""
    for _ in range(_ROUNDS):
        text = joined(lines)
        starts = read(text).open_fences if "```" in text or "~~~" in text else []
        fences = [token for token in blocks(text) if token.type == "fence"]
        by_line = {(token.map or [0])[0]: token for token in fences}
        for start in sorted(starts, reverse=True):
            token = by_line[start]
            end = min((token.map or [0, 0])[1], len(lines))
            while end > start + 1 and not lines[end - 1].text.strip(" \t>"):
                end -= 1
            before = lines[start].text.partition(token.markup)[0]
            closing = re.sub(r"[^>\s]", " ", before) + token.markup
            notes.add(lines[start].number, "this code is never closed; it was closed at its end")
            lines = [*lines[:end], Line(closing, lines[end - 1].number), *lines[end:]]
        if not starts:
            break
    return lines


def remove_imports(lines: list[Line]) -> list[Line]:
    """Take imports, exports and comments of MDX away; they go on to the next empty line."""
    kept: list[Line] = []
    fence, is_inside = "", False
    for line in lines:
        mark = _FENCE.fullmatch(line.text)
        if mark and not is_inside:
            is_end = mark[1].startswith(fence) and not mark[2].strip()
            fence = mark[1] if not fence else ("" if is_end else fence)
        is_inside = bool(line.text.strip()) and (
            is_inside or (not fence and _ESM.fullmatch(line.text) is not None)
        )
        if not is_inside:
            kept.append(line)
    return substitute(kept, _MDX_COMMENT, lambda _: "") if "{/*" in joined(kept) else kept


def convert_asides(lines: list[Line]) -> list[Line]:
    """Turn the two boxes of Google codelabs into quotes with a label."""
    if not any(_is_aside(line) for line in lines):
        return lines
    coded = code_lines(joined(lines))
    changed: list[Line] = []
    for at, line in enumerate(lines):
        found = _ASIDE.fullmatch(line.text) if at not in coded else None
        follows = lines[at + 1].text if at + 1 < len(lines) else ""
        is_quote = found is not None and ">" in found["before"] and "aside" in line.text.lower()
        is_list = found is not None and follows.startswith(":")
        if found and (is_quote or is_list):
            changed.append(Line(f"> **{_LABELS[found['kind'].lower()]}**", line.number))
            changed.append(Line(">", line.number))
        elif line.text.startswith(":") and at not in coded and at and _is_aside(lines[at - 1]):
            changed.append(Line(f"> {line.text[1:].lstrip()}", line.number))
        else:
            changed.append(line)
    return changed


def _is_aside(line: Line) -> bool:
    return _ASIDE.fullmatch(line.text) is not None


def squeeze(lines: list[Line]) -> list[Line]:
    """Return the lines with one empty line at most between others, outside code."""
    coded = code_lines(joined(lines))
    return [
        line
        for at, line in enumerate(lines)
        if line.text.strip() or at in coded or not at or lines[at - 1].text.strip()
    ]


def remove_marks(lines: list[Line], notes: Notes) -> list[Line]:
    """Take attributes of elements away, and write conflict marks as text."""
    text = joined(lines)
    if "{" in text:
        lines = substitute(lines, _ATTRIBUTES, lambda _: "")

    def as_text(found: Found) -> str:
        notes.add(found.number, "a mark of an unsolved merge conflict; choose one of its sides")
        return f"`{found[0]}`"

    if any(mark in text for mark in ("<<<<<<<", ">>>>>>>", "|||||||")):
        lines = substitute(lines, _CONFLICT, as_text)
    return lines
