"""From a step's Markdown to what is delivered of it, and what its author should know. Pure.

A walkthrough instructs an assistant, so what a reviewer sees of the rendered page must be what
the assistant gets: what a page does not show is cut or refused, and the text that results is read
once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from walkthroughs.content.characters import hidden_characters
from walkthroughs.content.directives import (
    AUDIENCES,
    Line,
    Split,
    has_notes_or_parts,
    quote_indented_notes,
    split_lines,
)
from walkthroughs.content.findings import Finding, grouped
from walkthroughs.content.limits import MAX_STEP, size_fault
from walkthroughs.content.look import NO_TEXT, Look, Resolve, Resolved, as_written, needs_reading
from walkthroughs.content.pictures import PICTURE_NAME
from walkthroughs.content.places import Span
from walkthroughs.content.problems import Severity
from walkthroughs.content.reader import Link, read


@dataclass(frozen=True, slots=True)
class Parts:
    """A step's Markdown by audience."""

    content: str
    agent_instructions: str | None = None
    verify: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """What is delivered of a text, and what was found in it: one finding of each kind."""

    parts: Parts
    findings: tuple[Finding, ...]

    @property
    def is_refused(self) -> bool:
        """Return whether one of the findings is an error."""
        return any(each.severity is Severity.ERROR for each in self.findings)


def deliver(body: str, resolve: Resolve = as_written) -> Delivered:
    """Say what of *body*, a step's Markdown after its front matter, reaches whom.

    Args:
        body: the text; its lines end with newlines.
        resolve: is asked about each link or picture without a scheme.
    """
    findings = list(hidden_characters(body))
    if not has_notes_or_parts(body):
        if not needs_reading(body):
            return Delivered(Parts(body.strip("\n") if body.strip() else ""), grouped(findings))
        lines = tuple(enumerate(body.split("\n")))
        content = _deliver_text([lines], resolve, findings)
        return Delivered(Parts(content), grouped(findings))
    split = split_by_audience(body)
    findings += split.findings
    content = _deliver_text(split.pieces, resolve, findings)
    others = [_deliver_text(split.parts[name], resolve, findings) or None for name in AUDIENCES]
    return Delivered(Parts(content, *others), grouped(findings))


def split_by_audience(body: str) -> Split:
    """Take *body* apart as `deliver` does; its lines keep their numbers."""
    lines = quote_indented_notes(body.split("\n"), read(body).fenced)
    return split_lines(lines, read("\n".join(lines)).fenced)


def _deliver_text(
    pieces: Iterable[Sequence[Line]], resolve: Resolve, findings: list[Finding]
) -> str:
    """Return the text of *pieces*, with a blank line between them, as it is delivered."""
    lines: list[Line] = []
    for piece in pieces:
        shown = _without_outer_blanks(piece)
        if shown:
            lines += [(shown[0][0], ""), *shown] if lines else shown
    text = "\n".join(line for _, line in lines)
    if not needs_reading(text):
        return text
    looked = Look(text, resolve)
    findings += [replace(each, line=lines[each.line - 1][0] + 1) for each in looked.findings]
    if not looked.edits or any(each.severity is Severity.ERROR for each in looked.findings):
        return text
    delivered = _edited(text, looked.edits).strip("\n")
    if not delivered.strip():
        return ""
    if len(delivered) > MAX_STEP:  # before it is read once more: a link may add much
        message = "with the titles and addresses that its links get, "
        findings.append(Finding(lines[0][0] + 1, message + str(size_fault(len(delivered)))))
        return text
    again = Look(delivered, as_written)
    if any(each.severity is not Severity.WARNING for each in again.findings):
        message = "what is cut here leaves something behind that cannot be delivered; write it out"
        findings.append(Finding(lines[0][0] + 1, message))
    return delivered


def _without_outer_blanks(piece: Sequence[Line]) -> list[Line]:
    lines = list(piece)
    while lines and not lines[-1][1]:
        lines.pop()
    while lines and not lines[0][1]:
        lines.pop(0)
    return lines if any(line.strip() for _, line in lines) else []


def _edited(text: str, edits: Iterable[tuple[Span, str]]) -> str:
    """Return *text* with each span replaced; of two that overlap, the one that begins first."""
    pieces: list[str] = []
    at = 0
    for (start, end), replacement in sorted(edits):
        if start < at:
            continue
        pieces += [text[at:start], replacement]
        at = end
    return "".join([*pieces, text[at:]])


def refusals(text: str) -> tuple[Finding, ...]:
    """Return what is not accepted of a text for one audience, written where no file is beside it.

    That is what a file may not hold either, what is cut from files, and a picture without a text:
    whoever writes here sees it at once, and can mend it.
    """
    delivered = deliver(text, without_files)
    found = [
        each
        for each in delivered.findings
        if each.severity is not Severity.WARNING or each.kind == NO_TEXT
    ]
    if delivered.parts.agent_instructions or delivered.parts.verify:
        found.append(
            Finding(1, "parts for the assistant have fields of their own; write them there")
        )
    return tuple(found)


def without_files(link: Link) -> Resolved:
    """Refuse a file: none stands beside the text. A picture that is stored already may stay."""
    if link.is_picture and PICTURE_NAME.fullmatch(link.target.removeprefix("i/")):
        return Resolved()
    of_picture = " of the picture" if link.is_picture else ""
    message = f'"{link.target[:100]}" is no address; write that{of_picture}, with https://'
    return Resolved(finding=Finding(link.line, message))
