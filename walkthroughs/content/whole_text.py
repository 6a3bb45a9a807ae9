"""The three texts of a step as one, with the parts for the assistant as `:::` blocks. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from walkthroughs.content import markdown
from walkthroughs.content.draft import DraftStep
from walkthroughs.content.separate import normalized, separate
from walkthroughs.content.step_text import Parts

TEXTS = ("text", "assistant", "check")


def whole_text(step: DraftStep) -> str | None:
    """Return the texts of a step as one that `texts_of` takes apart into the same.

    None if there is no such text: a block of code that is not closed would take in what follows.
    """
    trimmed = {name: getattr(step, name).strip("\n") for name in TEXTS}
    whole = markdown.join(
        Parts(trimmed["text"], trimmed["assistant"] or None, trimmed["check"] or None)
    )
    return whole if _taken_apart(whole) == trimmed else None


def texts_of(whole: str, step: DraftStep) -> Mapping[str, str]:
    """Return the texts of a step that *whole* holds, by field.

    What differs from the text of *step* by blank lines around it alone is that text.
    """
    found = _taken_apart(normalized(whole))
    return {
        name: before if before.strip("\n") == found[name] else found[name]
        for name in TEXTS
        for before in (getattr(step, name),)
    }


def _taken_apart(whole: str) -> dict[str, str]:
    parts = separate(whole)
    found = {"text": parts.learner, "assistant": parts.assistant, "check": parts.check}
    return {name: text.strip("\n") for name, text in found.items()}
