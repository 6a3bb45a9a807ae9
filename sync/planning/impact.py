"""Describe what a plan means for learners in the middle of a walkthrough."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sync.planning.plan import Archive, Change, Create, Update
from walkthroughs.content.impact import removed_steps
from walkthroughs.content.revision import current_ids
from walkthroughs.content.values import Outline
from walkthroughs.content.wording import count_of

#: Walkthrough row id -> the author's id of a step -> learners who stand on it.
LearnerCounts = Mapping[str, Mapping[str, int]]


def learner_impact(changes: Iterable[Change], places: LearnerCounts) -> tuple[str, ...]:
    """Return a line for each step and each walkthrough that goes away while learners are on it."""
    lines: list[str] = []
    changes = tuple(changes)
    moved_to = moved_away(changes)
    for change in changes:
        match change:
            case Update(live, wanted):
                learners_by_step = places.get(live.walkthrough_id, {})
                lines += _removed_steps(live.outline, wanted.outline, learners_by_step, moved_to)
            case Archive(live):
                learners = sum(places.get(live.walkthrough_id, {}).values())
                if learners:
                    people = count_of(learners, "learner", "is are")
                    lines.append(
                        f"{people} in the middle of '{live.outline.id}', which goes "
                        "away; their progress is kept"
                    )
            case Create():
                pass  # no learner has started it
    return tuple(lines)


def moved_away(changes: Iterable[Change]) -> dict[tuple[str, str], str]:
    """Return which steps, (walkthrough, step), other walkthroughs take: the id of the taker."""
    takers = [change.wanted.outline for change in changes if not isinstance(change, Archive)]
    return {name: taker.id for taker in takers for name in _taken(taker)}


def _taken(taker: Outline) -> Iterator[tuple[str, str]]:
    ids, now = {step.id for step in taker.steps}, current_ids(taker)
    for move in taker.moved:
        if now(move.new) in ids:
            yield from move.previous_names


def _removed_steps(
    old: Outline,
    new: Outline,
    learners_by_step: Mapping[str, int],
    moved_to: Mapping[tuple[str, str], str],
) -> list[str]:
    lines = []
    for removed in removed_steps(old, new, learners_by_step):
        name, then = removed.step.id, removed.then.id if removed.then else None
        new_owner = moved_to.get((old.id, name))
        fate = f"moves to '{new_owner}'" if new_owner else "goes away"
        people = count_of(removed.learners, "learner", "is are")
        lines.append(f"{people} on step '{name}', which {fate}; they continue at '{then}'")
    return lines
