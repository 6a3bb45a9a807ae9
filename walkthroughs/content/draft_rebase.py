"""Bring a draft onto a version that was published while it was written. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from walkthroughs.content.draft import (
    DETAIL_FIELDS,
    STEP_FIELDS,
    Details,
    Draft,
    DraftStep,
    Mark,
    mark_key,
    short_hash,
)
from walkthroughs.content.draft_outcome import Conflict, field_name, sentences, step_name


@dataclass(frozen=True, slots=True)
class Rebased:
    """A draft on the live version.

    Attributes:
        draft: where both changed the same, it holds what the draft held.
        merged: what came from the live version, a sentence each.
        conflicts: where both changed the same: `mine` is the draft's.
    """

    draft: Draft
    merged: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


def rebase(draft: Draft, base: Draft, live: Draft, by: str = "") -> Rebased:
    """Merge what the draft and the live version changed since *base*, by steps and fields.

    Nothing of the draft is lost. What is lost of the live version is in the conflicts, and in the
    history of versions.

    Args:
        draft: what is written.
        base: the version that it was begun from.
        live: the version that it shall stand on.
        by: who published that.
    """
    return _Rebase(draft, base, live, by).outcome()


class _Rebase:
    def __init__(self, draft: Draft, base: Draft, live: Draft, by: str) -> None:
        self._draft, self._base, self._live, self._by = draft, base, live, by
        self._marks = dict(draft.marks)
        self._merged: list[str] = []
        self._conflicts: list[Conflict] = []

    def outcome(self) -> Rebased:
        details = self._draft.details, self._base.details, self._live.details
        texts = {name: self._text(None, name, *details) for name in DETAIL_FIELDS}
        steps = self._in_order(self._steps())
        if steps == self._draft.steps and Details(**texts) == self._draft.details:
            revision = self._draft.revision
        else:
            revision = self._draft.revision + 1
        draft = replace(
            self._draft,
            details=Details(**texts),
            steps=steps,
            base_version=self._live.base_version,
            revision=revision,
            marks=self._marks,
        )
        return Rebased(draft, sentences(self._merged), tuple(self._conflicts))

    def _steps(self) -> dict[str, DraftStep]:
        """Return the steps that there will be, by id, in no order."""
        mine, base, live = (
            {step.id: step for step in each.steps} for each in (self._draft, self._base, self._live)
        )
        kept: dict[str, DraftStep] = {}
        for name in dict.fromkeys([*mine, *live]):
            step = self._step(mine.get(name), base.get(name), live.get(name))
            if step is not None:
                kept[name] = step
        return kept

    def _step(
        self, mine: DraftStep | None, base: DraftStep | None, live: DraftStep | None
    ) -> DraftStep | None:
        if mine is not None and live is not None:
            was = base or DraftStep(mine.id)
            texts = {name: self._text(mine.id, name, mine, was, live) for name in STEP_FIELDS}
            return replace(mine, **texts)
        if mine is not None:  # new here, or gone there
            if base is None:
                return mine
            if mine == base:
                self._merged.append(f"Deleted: {step_name(mine)}.")
                return None
            self._conflicts.append(Conflict(mine.id, "step", mine.text, None, self._by))
            return mine
        if live is not None and base is None:
            self._merged.append(f"Added: {step_name(live)}.")
            return live
        if live is not None and live != base:  # gone here, changed there
            self._conflicts.append(Conflict(live.id, "step", None, live.text, self._by))
        return None

    def _text(
        self,
        step: str | None,
        name: str,
        mine: DraftStep | Details,
        base: DraftStep | Details,
        live: DraftStep | Details,
    ) -> str:
        own, was, theirs = (str(getattr(each, name)) for each in (mine, base, live))
        if theirs in {was, own}:
            return own
        if own == was:
            self._merged.append(f"Changed: {field_name(name, mine)}.")
            self._marks[mark_key(step, name)] = Mark(
                self._draft.revision + 1, self._by, short_hash(own)
            )
            return theirs
        self._conflicts.append(Conflict(step, name, own, theirs, self._by))
        return own

    def _in_order(self, kept: dict[str, DraftStep]) -> tuple[DraftStep, ...]:
        """Return the steps in the order of whoever changed it: of both, in the draft's."""
        mine, base, live = (
            [step.id for step in each.steps] for each in (self._draft, self._base, self._live)
        )
        known = set(mine) & set(base)
        is_mine_ordered = [n for n in mine if n in known] != [n for n in base if n in known]
        first, second = (mine, live) if is_mine_ordered else (live, mine)
        order = [name for name in first if name in kept]
        for place, name in enumerate(second):
            if name in kept and name not in order:
                order.insert(_behind(order, second[:place]), name)
        return tuple(kept[name] for name in order)


def _behind(order: list[str], earlier: Sequence[str]) -> int:
    """Return the place behind the nearest of *earlier* that *order* has."""
    for name in reversed(earlier):
        if name in order:
            return order.index(name) + 1
    return 0
