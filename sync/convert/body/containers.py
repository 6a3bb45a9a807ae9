"""Admonitions, tabs and components that stand around lines: quotes, and bold labels. Pure.

One pass with a stack, so that the work grows with the text alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sync.convert.body.openers import Opener, closes, opener
from sync.convert.lines import Line, joined, trimmed
from sync.convert.values import Notes

_MAX_DEPTH = 12
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})([^`]*)")


@dataclass(slots=True)
class _Frame:
    """A container that is open: what opened it, where, and the lines within so far."""

    opener: Opener
    line: Line
    lines: list[Line] = field(default_factory=list)


def convert_containers(lines: list[Line], notes: Notes, *, is_mdx: bool) -> list[Line]:
    """Return the lines with each container turned into plain Markdown."""
    stack = [_Frame(Opener("page", ""), Line("", 0))]
    fence, is_after_one = "", False
    for line in lines:
        while _is_left(line, stack[-1]):
            _close(stack, notes)
            fence = ""
        mark = _FENCE.fullmatch(line.text)
        if mark or fence:
            fence = _fence_after(fence, mark)
        elif _moves(stack, line, notes, is_mdx=is_mdx):
            is_after_one = True
            continue
        if line.text.strip() or not is_after_one:
            stack[-1].lines.append(line)
            is_after_one = False
    while len(stack) > 1:
        if stack[-1].opener.closer:
            notes.add(stack[-1].line.number, "this part is never closed; it was closed at the end")
        _close(stack, notes)
    return stack[0].lines


def _fence_after(fence: str, mark: re.Match[str] | None) -> str:
    """Return the marks of the code fence that is open after a line."""
    if not fence or mark is None:
        return mark[1] if mark else fence
    return "" if mark[1].startswith(fence) and not mark[2].strip() else fence


def _moves(stack: list[_Frame], line: Line, notes: Notes, *, is_mdx: bool) -> bool:
    """Open or close the container that *line* opens or closes, if it does."""
    if _close_to(stack, line, notes):
        return True
    found = opener(line.text, is_mdx=is_mdx) if len(stack) <= _MAX_DEPTH else None
    if found is None:
        return False
    stack.append(_Frame(found, line))
    return True


def _is_left(line: Line, frame: _Frame) -> bool:
    """Return whether *line* ends a container that goes as far as its lines are indented."""
    if frame.opener.indent is None or not line.text.strip():
        return False
    expanded = line.text.expandtabs(4)
    return len(expanded) - len(expanded.lstrip()) <= frame.opener.indent


def _close_to(stack: list[_Frame], line: Line, notes: Notes) -> bool:
    """Close the innermost container that *line* closes, with what is open in it."""
    for at in range(len(stack) - 1, 0, -1):
        if closes(stack[at].opener, line.text):
            while len(stack) > at + 1:
                _close(stack, notes)
            _close(stack, notes, line)
            return True
    return False


def _close(stack: list[_Frame], notes: Notes, end: Line | None = None) -> None:
    frame = stack.pop()
    rendered, above = _rendered(frame, notes, end), stack[-1].lines
    is_spaced = above and not above[-1].text.strip() and not rendered[0].text.strip()
    above += rendered[1:] if is_spaced else rendered


def _rendered(frame: _Frame, notes: Notes, end: Line | None) -> list[Line]:
    found, at = frame.opener, frame.line.number
    if found.note:
        notes.add(at, found.note)
    if found.kind == "own":
        return [frame.line, *frame.lines, *([end] if end else [Line(":::", at)])]
    if found.kind == "code":
        runs = re.findall("`{3,}", joined(frame.lines))
        fence = "`" * max(3, 1 + max(map(len, runs), default=0))
        return [Line(fence + found.label, at), *frame.lines, Line(fence, at)]
    inner = trimmed(_dedented(frame.lines))
    if found.kind == "quote":
        quoted = [Line(f"> {each.text}".rstrip(), each.number) for each in inner]
        head = [Line(f"> **{found.label}**", at), *([Line(">", at)] if inner else [])]
        return [Line("", at), *head, *quoted, Line("", at)]
    label = [Line(f"**{found.label}**", at), Line("", at)] if found.label else []
    return [Line("", at), *label, *inner, Line("", at)]


def _dedented(lines: list[Line]) -> list[Line]:
    """Return the lines without the blanks that all of them begin with."""
    texts = [line.text.expandtabs(4) if line.text[:1] in " \t" else line.text for line in lines]
    widths = [len(text) - len(text.lstrip()) for text in texts if text.strip()]
    width = min(widths, default=0)
    return [Line(text[width:], line.number) for text, line in zip(texts, lines, strict=True)]
