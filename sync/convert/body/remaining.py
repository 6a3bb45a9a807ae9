"""What the reader of steps would still refuse is written as text, so that people see it. Pure."""

from __future__ import annotations

import re

from sync.convert.body.marks import close_fences
from sync.convert.lines import Edit, Line, apply, joined
from sync.convert.values import Notes
from walkthroughs.content import html_rules
from walkthroughs.content.problems import Severity
from walkthroughs.content.reader import HtmlPiece, read
from walkthroughs.content.step_text import deliver

#: Findings of one kind are told once, so that each round may mend one line and its likes.
_ROUNDS = 12
_MARKS = re.compile(r"(?<![\\:]):{3,}|(?<![\\<])<{7}|(?<![\\>])>{7}|(?<![\\|])\|{7}")
_STATEMENT = re.compile(r"(?:import|export)\b")


def write_as_text(lines: list[Line], notes: Notes) -> list[Line]:
    """Return the lines without what a step may not hold, as far as it can be written as text."""
    lines = close_fences(_without_refused_html(lines, notes), notes)
    for _ in range(_ROUNDS):
        refused = {lines[at].text.strip() for at in _refused_lines(lines)}
        if not refused:
            return lines
        lines = close_fences(
            [_as_text(line, notes) if line.text.strip() in refused else line for line in lines],
            notes,
        )
    return _as_code(lines, notes) if _refused_lines(lines) else lines


def _as_code(lines: list[Line], notes: Notes) -> list[Line]:
    """Return the lines as one block of code, in which anything may stand."""
    first, last = lines[0].number, lines[-1].number
    notes.add(first, "this cannot be taken apart; the step shows its source")
    fence = "`" * (3 + max(map(len, re.findall("`+", joined(lines))), default=0))
    return [Line(f"{fence}text", first), *lines, Line(fence, last)]


def _refused_lines(lines: list[Line]) -> set[int]:
    findings = deliver(joined(lines)).findings
    errors = {each.line - 1 for each in findings if each.severity is Severity.ERROR}
    return {at for at in errors if at < len(lines)}


def _without_refused_html(lines: list[Line], notes: Notes) -> list[Line]:
    text = joined(lines)
    if "<" not in text:
        return lines
    edits = []
    for piece in read(text).html:
        span = piece.span()
        if span is not None and _is_refused(piece):
            number = lines[min(piece.line, len(lines)) - 1].number
            notes.add(number, "HTML that a step may not hold is shown as text")
            edits.append(Edit(span[0], span[0] + 1, "&lt;"))
    return apply(lines, sorted(edits, key=lambda edit: edit.start))


def _is_refused(piece: HtmlPiece) -> bool:
    if not piece.is_whole:
        return True
    if piece.text.startswith("<!--"):
        return piece.text[4:-3].startswith((">", "->")) or "--!>" in piece.text
    tag = html_rules.read_tag(piece.text)
    return tag is None or any(html_rules.faults(tag, piece.text))


def _as_text(line: Line, notes: Notes) -> Line:
    text, stripped = line.text, line.text.lstrip()
    marks = _MARKS.search(text)
    if marks:
        text = f"{text[: marks.start()]}\\{text[marks.start() :]}"
        notes.add(line.number, "marks that mean something else in a step are shown as text")
    elif _STATEMENT.match(stripped):
        text = f"`{stripped.replace('`', chr(39))}`"
        notes.add(line.number, "an import or export outside code is shown as text")
    elif "<" in text:
        text = re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)
        notes.add(line.number, "HTML that a step may not hold is shown as text")
    return Line(text, line.number)
