"""A text that was written for learners, taken apart as Git takes a step's file apart. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from walkthroughs.content.characters import without_hidden
from walkthroughs.content.directives import has_notes_or_parts
from walkthroughs.content.step_text import split_by_audience

_FIELDS = {"agent": "assistant", "verify": "check"}
_WORDS = {"assistant": "For the assistant", "check": "Check"}


@dataclass(frozen=True, slots=True)
class Separated:
    """What a text holds for whom, each as it is written.

    Attributes:
        notices: what was moved, a sentence each.
    """

    learner: str
    assistant: str = ""
    check: str = ""
    notices: tuple[str, ...] = ()


def normalized(text: str) -> str:
    """Return *text* as a file with it is read: lines end with newlines, nothing is hidden."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return without_hidden(text)


def separate(text: str) -> Separated:
    """Take the parts for the assistant out of *text*; what learners see stays as it is written.

    Parts that are not closed yet stay, and what looks like a part and is none:
    `draft_problems` tells of them.
    """
    if not has_notes_or_parts(text):
        return Separated(text)
    places = split_by_audience(text).places
    if not places:
        return Separated(text)
    lines = text.split("\n")
    learner: list[str] = []
    parts: dict[str, list[str]] = {"assistant": [], "check": []}
    at = 0
    for audience, first, last in places:
        learner.append("\n".join(lines[at:first]).strip("\n"))
        parts[_FIELDS[audience]].append("\n".join(lines[first + 1 : last]).strip("\n"))
        at = last + 1
    learner.append("\n".join(lines[at:]).strip("\n"))
    moved = {name: "\n\n".join(filter(None, texts)) for name, texts in parts.items()}
    return Separated(
        "\n\n".join(filter(None, learner)),
        moved["assistant"],
        moved["check"],
        tuple(
            f"A part that learners must not see was moved to “{_WORDS[name]}”."
            for name, texts in parts.items()
            if texts
        ),
    )


def with_part(text: str, part: str) -> str:
    """Return *text* with *part* below it, once: pasting the same again adds nothing."""
    if not part or part in text:
        return text
    return f"{text.rstrip()}\n\n{part}" if text.strip() else part
