"""A walkthrough while it is written: all of its content, which may have mistakes. Pure.

Every field is the text that was typed, so that minutes may be no number and a title may be empty.
What becomes of it for learners is `draft_content.content_of`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

#: Texts of a step by their names in changes, conflicts and problems.
STEP_FIELDS = ("title", "section", "text", "assistant", "check", "revision")
DETAIL_FIELDS = ("title", "description", "minutes", "tags")
#: Values of a step's `revision`: who has done it is done, or is asked to do it again.
SAME, AGAIN = "same", "again"


@dataclass(frozen=True, slots=True)
class DraftStep:
    """A step as it is written; `id` is its author id."""

    id: str
    title: str = ""
    section: str = ""
    text: str = ""
    assistant: str = ""
    check: str = ""
    revision: str = SAME


@dataclass(frozen=True, slots=True)
class Details:
    """What is said of a walkthrough as a whole. Tags are between commas, or a line each."""

    title: str = ""
    description: str = ""
    minutes: str = ""
    tags: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Who wrote what a field holds now, or moved or deleted a step.

    Attributes:
        revision: of the draft.
        by: the member's address.
        before: `short_hash` of the text that the writer had seen; of a deleted step, the id of
            the one before it.
        sent: `short_hash` of the text as it was sent, before it was cleaned.
        client: which window of the member's; empty if it did not say.
    """

    revision: int
    by: str
    before: str = ""
    sent: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class AppliedRequest:
    """A request that is not applied again.

    Attributes:
        refused: which of its changes, by place, met another text and were not made.
    """

    id: str
    refused: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """All that is written of a walkthrough, and who wrote it.

    Attributes:
        base_version: the version that it was begun from.
        revision: grows with each change.
        marks: by `mark_key`.
        requests: the last ones, newest last.
    """

    details: Details = Details()
    steps: tuple[DraftStep, ...] = ()
    base_version: int = 1
    revision: int = 0
    marks: Mapping[str, Mark] = field(default_factory=dict)
    requests: tuple[AppliedRequest, ...] = ()

    def step(self, step_id: str) -> DraftStep | None:
        """Return the step with the author id; none if there is none."""
        return next((step for step in self.steps if step.id == step_id), None)

    def is_written_as(self, other: Draft) -> bool:
        """Return whether both have the same texts in the same order."""
        return (self.details, self.steps) == (other.details, other.steps)

    def without_asked(self, other: Draft) -> Draft:
        """Return it with nobody asked to do a step again that *other* asks for."""
        asked = {step.id for step in other.steps if step.revision == AGAIN}
        steps = (replace(step, revision=SAME) if step.id in asked else step for step in self.steps)
        return replace(self, steps=tuple(steps))


def mark_key(step_id: str | None, name: str) -> str:
    """Return the key of a field's mark; of "place" and "gone" too. No step: the details."""
    return f"{step_id or ''}.{name}"


def text_hash(text: str) -> str:
    """Return the SHA-256 by which a writer says which text they saw, in hexadecimal digits."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def short_hash(text: str) -> str:
    """Return the part of `text_hash` that marks hold."""
    return text_hash(text)[:16]


def join_tags(tags: tuple[str, ...]) -> str:
    """Return the text that `split_tags` takes apart into *tags* again."""
    if any("," in tag for tag in tags):
        return "".join(f"{tag}\n" for tag in tags)
    return ", ".join(tags)


def split_tags(text: str) -> tuple[str, ...]:
    """Return the tags of a text, without those that are empty."""
    pieces = text.split("\n" if "\n" in text else ",")
    return tuple(piece.strip() for piece in pieces if piece.strip())


def without_step(steps: tuple[DraftStep, ...], step_id: str) -> tuple[DraftStep, ...]:
    """Return *steps* without one."""
    return tuple(step for step in steps if step.id != step_id)


def put_after(
    steps: tuple[DraftStep, ...], step: DraftStep, after: str | None
) -> tuple[DraftStep, ...]:
    """Return *steps* with *step* behind the one named *after*; at the beginning if that is none."""
    others = without_step(steps, step.id)
    at = next((n for n, each in enumerate(others, 1) if each.id == after), 0)
    return (*others[:at], step, *others[at:])


def fields_of(draft: Draft) -> Iterator[tuple[str | None, str, str]]:
    """Yield (step, field, text) of every field."""
    for name in DETAIL_FIELDS:
        yield None, name, getattr(draft.details, name)
    for step in draft.steps:
        for name in STEP_FIELDS:
            yield step.id, name, getattr(step, name)
