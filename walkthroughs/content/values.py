"""A walkthrough as its author wrote it: frozen values, no database, no web."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from walkthroughs.content.canonical_json import canonical_json
from walkthroughs.content.pictures import Picture


@dataclass(frozen=True, slots=True)
class StepContent:
    """One step. Texts are Markdown, already split by audience.

    Attributes:
        id: the author's id, unique in its walkthrough; the step's identity.
        title: one line.
        content: what the learner is shown.
        section: the heading that groups this step with its neighbours.
        agent_instructions: for the assistant only.
        verify: the check that must hold before going on.
        revision: raised by the author to ask learners to do the step again.
    """

    id: str
    title: str
    content: str
    section: str | None = None
    agent_instructions: str | None = None
    verify: str | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Move:
    """A step id that the author changed: learners' completions follow it.

    Attributes:
        old: the id the step had.
        new: the id it has in the walkthrough that has this record.
        walkthrough: the id of the other walkthrough that it came from; none if it was renamed.
        earlier_names: what else it was called on its way, (walkthrough, step), newest first, as
            the other walkthroughs of the commit record. Used if *old* was never published.
    """

    old: str
    new: str
    walkthrough: str | None = None
    earlier_names: tuple[tuple[str, str], ...] = ()

    @property
    def previous_names(self) -> tuple[tuple[str, str], ...]:
        """Return where the step was in other walkthroughs, (walkthrough, step), newest first."""
        return ((self.walkthrough, self.old), *self.earlier_names) if self.walkthrough else ()


@dataclass(frozen=True, slots=True)
class StepOutline:
    """A step without its texts."""

    id: str
    title: str
    section: str | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Outline:
    """A walkthrough without its texts: small, and enough to say what a change does to learners.

    Attributes:
        digest: `WalkthroughContent.digest()`, which stands for the texts.
    """

    id: str
    title: str
    digest: str
    steps: tuple[StepOutline, ...] = ()
    moved: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class WalkthroughContent:
    """One walkthrough, its steps in reading order. `moved` is not shown to anyone."""

    id: str
    title: str
    description: str | None = None
    steps: tuple[StepContent, ...] = ()
    tags: tuple[str, ...] = ()
    estimated_minutes: int | None = None
    moved: tuple[Move, ...] = ()

    def digest(self) -> str:
        """SHA-256 (hex) over everything that a learner or an assistant can read.

        Equal digests are the same version. What an author cannot see in the
        result (line endings, trailing blanks) is normalised by the parser,
        never here. `moved` changes author ids, which no learner reads.
        """
        return hashlib.sha256(canonical_json(self, without="moved")).hexdigest()

    def outline(self) -> Outline:
        """Return it without its texts."""
        steps = tuple(StepOutline(s.id, s.title, s.section, s.revision) for s in self.steps)
        return Outline(self.id, self.title, self.digest(), steps, self.moved)


@dataclass(frozen=True, slots=True)
class AuthoredWalkthrough:
    """A walkthrough's content with its pictures and the two settings of its manifest.

    Attributes:
        is_published: visible to learners (`status: published`).
        servers: slugs of MCP servers it asks to be assigned to.
        pictures: what the texts of its steps name, by `PICTURE_REFERENCE`.
    """

    content: WalkthroughContent
    is_published: bool = False
    servers: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
