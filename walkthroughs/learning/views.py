"""The values that tools answer with."""

from __future__ import annotations

import json
from dataclasses import dataclass

from walkthroughs.enums import ProgressStatus


@dataclass(frozen=True)
class WalkthroughRef:
    """Which walkthrough, at which version."""

    id: str
    title: str
    version: int


@dataclass(frozen=True)
class StepBody:
    """One step as it is taught. `position` counts from 1."""

    id: str
    title: str
    section: str | None
    position: int
    content: str
    agent_instructions: str | None
    verify: str | None


@dataclass(frozen=True)
class ProgressFacts:
    """How far the learner is. Percent counts completed steps that are still current."""

    status: ProgressStatus
    completed_steps: int
    total_steps: int
    percent: int


@dataclass(frozen=True)
class StepView:
    """The answer of select and next: where the learner is now. No step means finished.

    Attributes:
        notice: what changed since the learner's last call, or why nothing moved.
        hurried: the call came too soon after the step was shown, and moved nothing.
        has_pictures: whether the texts of the step name any.
    """

    walkthrough: WalkthroughRef
    step: StepBody | None
    progress: ProgressFacts
    notice: str | None = None
    hurried: bool = False
    has_pictures: bool = False


@dataclass(frozen=True)
class CatalogEntry:
    """One line of the catalogue; the last three are none for an anonymous caller."""

    id: str
    title: str
    description: str | None
    total_steps: int
    estimated_minutes: int | None
    status: ProgressStatus | None = None
    completed_steps: int | None = None
    percent: int | None = None


@dataclass(frozen=True)
class CatalogPage:
    """One page of what a server offers. `total` counts all pages; `page` counts from 1."""

    cards: tuple[CatalogEntry, ...]
    total: int
    page: int
    page_size: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A walkthrough that is offered here.

    Attributes:
        is_oldest: whether no older walkthrough of the organization has its author's id.
    """

    id: str
    author_id: str
    title: str
    description: str | None
    is_oldest: bool


@dataclass(frozen=True, slots=True)
class OfferPage:
    """A page of what a server offers, in display order. Behind the last one it is empty."""

    offers: tuple[Offer, ...]
    has_more: bool


@dataclass(frozen=True)
class StepLine:
    """One step in the answer of get_walkthrough_status."""

    id: str
    title: str
    section: str | None
    position: int
    completed: bool
    current: bool


@dataclass(frozen=True)
class StatusView:
    """The answer of get_walkthrough_status. No current step: finished, or not started.

    Attributes:
        earlier_attempts: how many attempts the learner ended by beginning again.
        notice: why a step that was asked for is not shown.
        step: the step that was asked for, if the learner has reached it.
        steps: all live steps. Last, since clients cut long answers.
    """

    current_step_id: str | None
    status: ProgressStatus
    percent: int
    version: int
    walkthrough: WalkthroughRef
    earlier_attempts: int
    notice: str | None
    step: StepBody | None
    steps: tuple[StepLine, ...]


@dataclass(frozen=True, slots=True)
class FastStep:
    """Where the ordinary step call left the learner.

    Attributes:
        digest: what tells that version from another of its number; see `visibility.DIGEST`.
        completed_json: an array of the row ids of the steps that are completed, as it is stored.
        shown_at: when the step was shown, if the call came too soon and moved nothing; else none.
        now: when the call was made. Both in epoch milliseconds.
    """

    walkthrough_id: str
    version: int
    digest: str
    current_step_id: str
    completed_json: str
    now: int
    shown_at: int | None = None

    @property
    def completed(self) -> frozenset[str]:
        """Return the row ids of the steps that are completed. It reads them each time."""
        return frozenset(json.loads(self.completed_json))
