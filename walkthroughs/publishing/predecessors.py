"""Find the earlier rows of steps that moved in from another walkthrough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from walkthroughs.content.revision import current_ids
from walkthroughs.content.values import Outline
from walkthroughs.models.walkthroughs import Walkthrough, WalkthroughStep
from walkthroughs.publishing.origin import Origin

_Rows = dict[tuple[str, str], list[WalkthroughStep]]


def predecessors(
    session: Session,
    organization_id: str,
    content: Outline,
    origin: Origin,
    known: Set[str] = frozenset(),
) -> dict[str, list[str]]:
    """Return author id -> row ids whose completion counts, for the steps that come in.

    A `moved` record is used only when the step first appears here. Steps that are
    live already (*known*) are skipped, because the other walkthrough may reuse
    the old id. A step keeps the revision that it had; with a raised one the
    learner does it again. A step that was never published in a walkthrough of
    the same source has no completions, so its record is skipped.
    """
    coming = {step.id: step for step in content.steps if step.id not in known}
    now = current_ids(content)
    moves = [move for move in content.moved if move.walkthrough and now(move.new) in coming]
    if not moves or origin.source_id is None:
        return {}
    names = {name for move in moves for name in move.previous_names}
    rows = _published(session, organization_id, origin.source_id, names)
    found: dict[str, list[str]] = defaultdict(list)
    for move in moves:
        step = coming[now(move.new)]
        last = next((rows[name] for name in move.previous_names if name in rows), [])
        for row in last:
            if row.revision == step.revision:
                found[step.id] += [row.id, *row.predecessor_ids]
    return {name: list(dict.fromkeys(ids)) for name, ids in found.items()}


def _published(
    session: Session, organization_id: str, source_id: str, names: Set[tuple[str, str]]
) -> _Rows:
    """Return the steps by (walkthrough, step), live and archived, in every revision."""
    query = (
        select(Walkthrough.external_id, WalkthroughStep)
        .join(WalkthroughStep, WalkthroughStep.walkthrough_id == Walkthrough.id)
        .where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.source_id == source_id,
            WalkthroughStep.organization_id == organization_id,
            tuple_(Walkthrough.external_id, WalkthroughStep.external_id).in_(sorted(names)),
        )
    )
    rows: _Rows = defaultdict(list)
    for walkthrough, step in session.execute(query):
        rows[walkthrough, step.external_id].append(step)
    return dict(rows)
