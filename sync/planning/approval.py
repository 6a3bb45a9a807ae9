"""Decide whether a plan needs approval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sync.planning.plan import Archive, Change, Live, first_lines
from walkthroughs.content.impact import ACTIVE_DAYS
from walkthroughs.content.wording import count_of

_MAX_ARCHIVED = 3
_MAX_ARCHIVED_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Risk:
    """What there is to lose.

    Attributes:
        live: how many walkthroughs of the source are not archived.
        active: by row id, how many learners are in the middle of it and were
            active within `ACTIVE_DAYS`.
        rewritten: whether the branch no longer contains the commit that is live,
            and the source wants an approval for that.
    """

    live: int
    active: Mapping[str, int] = field(default_factory=dict)
    rewritten: bool = False


def approval_reasons(changes: Iterable[Change], stakes: Risk) -> tuple[str, ...]:
    """Return why the plan must be confirmed first, a line each; empty if it need not."""
    gone = [change.live for change in changes if isinstance(change, Archive)]
    found = []
    if stakes.rewritten:
        found.append("the branch was rewritten and no longer contains the commit that is live")
    if gone and len(gone) == stakes.live:
        found.append(f"it archives all {count_of(len(gone), 'walkthrough')}")
    elif len(gone) > max(_MAX_ARCHIVED, _MAX_ARCHIVED_SHARE * stakes.live):
        found.append(f"it archives {len(gone)} of {count_of(stakes.live, 'walkthrough')}")
    if gone:
        found += first_lines(_followed(gone, stakes))
    return tuple(found)


def _followed(gone: Iterable[Live], stakes: Risk) -> Iterator[str]:
    for live in gone:
        learners = stakes.active.get(live.walkthrough_id, 0)
        if learners:
            people = count_of(learners, "learner", "was were")
            yield (
                f'it archives "{live.outline.title}", where {people} active in the last '
                f"{ACTIVE_DAYS} days"
            )
