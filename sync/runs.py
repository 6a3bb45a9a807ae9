"""What a run is asked to do, and what it did."""

from __future__ import annotations

from dataclasses import dataclass

from sync.planning.plan import Change
from walkthroughs.content.problems import Problem
from walkthroughs.enums import RunOutcome
from walkthroughs.errors import HandrailError

#: The folder of a walkthrough, and the id of the Git tree that was read, by the author's id.
FolderTree = tuple[str, str]


class PlanChanged(HandrailError):
    """A confirmation was given for a plan that is not this one."""


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What to do with a source, and on whose behalf.

    Attributes:
        trigger: poll, webhook, dashboard or command.
        actor: who gave a command; for a commit, its author is noted.
        confirmed: the fingerprint of the plan that somebody has agreed to.
        to: an older commit to go back to.
        reread: read every folder, known or not.
    """

    trigger: str = "command"
    actor: str | None = None
    confirmed: str | None = None
    to: str | None = None
    reread: bool = False

    @property
    def is_watched(self) -> bool:
        """Return whether a person reads the answer, who wants to know what it means for learners.

        It takes a look at every learner of what changes, which an unwatched run must not need.
        """
        return self.trigger == "command"


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run saw and did. No changes and no problems: in sync.

    Attributes:
        reasons: why the plan waits for a confirmation of `fingerprint`; none if it need not.
        effects: what it means for learners on the way.
        outcome: none if it was only a plan, or nothing is applied because the source is held.
        to: the older commit that a rollback goes to.
    """

    commit: str
    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    fingerprint: str
    reasons: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    outcome: RunOutcome | None = None
    to: str | None = None
