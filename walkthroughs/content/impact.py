"""What a change of steps means for learners in the middle of a walkthrough. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from walkthroughs.content.revision import current_ids
from walkthroughs.content.values import Outline, StepOutline

#: A learner follows a walkthrough if they were active within so many days.
ACTIVE_DAYS = 14


@dataclass(frozen=True, slots=True)
class RemovedStep:
    """A step that goes away while learners are on it.

    Attributes:
        then: where they continue; none if no step is left.
    """

    step: StepOutline
    learners: int
    then: StepOutline | None


def removed_steps(
    old: Outline, new: Outline, learners_by_step: Mapping[str, int]
) -> Iterator[RemovedStep]:
    """Yield the steps with learners that *new* has no more, in their order.

    Args:
        old: what is live.
        new: what will be.
        learners_by_step: who stands where, by author id.
    """
    remaining, now = {step.id: step for step in new.steps}, current_ids(new)
    for at, step in enumerate(old.steps):
        learners = learners_by_step.get(step.id, 0)
        if not learners or now(step.id) in remaining:
            continue
        onward = (now(later.id) for later in old.steps[at + 1 :])
        then = next((remaining[name] for name in onward if name in remaining), None)
        yield RemovedStep(step, learners, then or (new.steps[0] if new.steps else None))
