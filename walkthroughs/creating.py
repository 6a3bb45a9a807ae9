"""New walkthroughs. Nobody stands on them yet, so they are stored in bulk."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert
from sqlalchemy.orm import Session

from walkthroughs.columns import Origin, Outcome, described, version_of, worded
from walkthroughs.content import Authored, WalkthroughContent
from walkthroughs.ids import id_factory
from walkthroughs.models import Walkthrough, WalkthroughStep, WalkthroughVersion
from walkthroughs.revision import compare
from walkthroughs.successions import predecessors

_new_walkthrough_id, _new_step_id = id_factory("wt"), id_factory("ws")


def create(
    session: Session,
    organization_id: str,
    content: WalkthroughContent,
    origin: Origin,
    *,
    is_published: bool = False,
) -> Outcome:
    """Store *content* as a new walkthrough, at version 1.

    Raises:
        sqlalchemy.exc.IntegrityError: the source has a walkthrough with this id already.
    """
    return create_all(session, organization_id, [Authored(content, is_published)], origin)[0]


def create_all(
    session: Session, organization_id: str, new: Sequence[Authored], origin: Origin
) -> list[Outcome]:
    """Store new walkthroughs at once, as `create` stores one; return their outcomes in order.

    Three statements for all of them: an import is as fast as the database takes rows.
    """
    outcomes, walkthroughs, steps, versions = [], [], [], []
    for authored in new:
        content, walkthrough_id = authored.content, _new_walkthrough_id()
        own = {"organization_id": organization_id, "walkthrough_id": walkthrough_id}
        ids = [_new_step_id() for _ in content.steps]
        revision, digest = compare(None, content), content.digest()
        came = predecessors(session, organization_id, content, origin)
        walkthroughs.append(
            {
                "id": walkthrough_id,
                "organization_id": organization_id,
                "source_id": origin.source_id,
                "external_id": content.id,
                "is_published": authored.is_published,
                "version": 1,
                "first_step_id": ids[0] if ids else None,
                "step_count": len(ids),
                "digest": digest,
                **described(content),
            }
        )
        steps += [
            own
            | {
                "id": step_id,
                "next_step_id": following,
                "display_order": position,
                "external_id": step.id,
                "revision": step.revision,
                "succeeds": came.get(step.id, []),
                **worded(step),
            }
            for position, (step_id, following, step) in enumerate(
                zip(ids, [*ids[1:], None], content.steps, strict=False)
            )
        ]
        versions.append(own | version_of(1, revision, digest, ids, origin))
        outcomes.append(Outcome(walkthrough_id, 1, revision.level, revision.summary))
    for model, rows in (
        (Walkthrough, walkthroughs),
        (WalkthroughStep, steps),
        (WalkthroughVersion, versions),
    ):
        if rows:
            session.execute(insert(model.__table__), rows)
    return outcomes
