"""What a run is asked to do, and what it did."""

from __future__ import annotations

from dataclasses import dataclass

from sync.planning.plan import Plan
from walkthroughs.enums import RunOutcome, SyncTrigger
from walkthroughs.errors import HandrailError


class PlanChanged(HandrailError):
    """A plan was approved that is not this one."""


class SourceRemoved(HandrailError):
    """The content source was removed since it was found, or while a run of it was waited for."""

    def __init__(self) -> None:
        super().__init__("The content source was removed meanwhile.")


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What to do with a source, and on whose behalf.

    Attributes:
        trigger: what started the run.
        actor: who gave a command; for a commit, its author is noted.
        approved_fingerprint: the fingerprint of the plan that was approved.
        rollback_to: an older commit to go back to.
        read_all: read every folder, known or not.
        reread_folders: how many of the known folders to read all the same, chosen by chance.
    """

    trigger: SyncTrigger = SyncTrigger.COMMAND
    actor: str | None = None
    approved_fingerprint: str | None = None
    rollback_to: str | None = None
    read_all: bool = False
    reread_folders: int = 0

    @property
    def compares_texts(self) -> bool:
        """Return whether to compare with the texts in the database, not with their digests."""
        return self.read_all or self.reread_folders > 0

    @property
    def wants_impact(self) -> bool:
        """Return whether to compute the impact on learners.

        It reads every affected learner, so only commands ask for it.
        """
        return self.trigger is SyncTrigger.COMMAND


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did with a plan of a commit.

    Attributes:
        outcome: none if nothing is applied because the source is held.
        rollback_to: the older commit that a rollback goes to.
    """

    plan: Plan
    outcome: RunOutcome | None = None
    rollback_to: str | None = None
