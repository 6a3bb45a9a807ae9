"""What a look at a text found: where, what, and how bad it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from walkthroughs.content.problems import Severity

#: Findings of one text that are shown; an author fixes these, and sees the rest after it.
_MAX_FINDINGS = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a text that its author should know.

    Attributes:
        line: counts from 1.
        message: what is wrong and what to do, in one line.
        severity: errors refuse the text; warnings and notes do not.
        kind: findings of one kind are told once a file; the message if it is none.
    """

    line: int
    message: str
    severity: Severity = Severity.ERROR
    kind: str = ""


def grouped(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return one finding of each kind, the first, which says how often it is there; bounded."""
    kinds: dict[tuple[str, Severity], list[Finding]] = {}
    for each in sorted(findings, key=lambda finding: finding.line):
        kinds.setdefault((each.kind or each.message, each.severity), []).append(each)
    told = [_told(first, len(rest) + 1) for first, *rest in kinds.values()]
    told.sort(key=lambda finding: (finding.severity is not Severity.ERROR, finding.line))
    shown, more = told[:_MAX_FINDINGS], told[_MAX_FINDINGS:]
    if more:
        message = f"and {len(more):,} more kinds of problem in this text"
        shown.append(Finding(more[0].line, message, shown[0].severity))
    return tuple(shown)


def _told(first: Finding, count: int) -> Finding:
    if count == 1:
        return first
    return Finding(
        first.line, f"{first.message} ({count:,} times, first here)", first.severity, first.kind
    )
