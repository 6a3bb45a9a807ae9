"""Insert new walkthroughs in bulk; no learner has started them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from walkthroughs.audit.record import Event, record_many
from walkthroughs.content.revision import compare
from walkthroughs.content.values import Outline, WalkthroughContent
from walkthroughs.database import bulk_copy
from walkthroughs.database.bulk_copy import Copy
from walkthroughs.ids import author_id, id_factory, now_ms
from walkthroughs.models import SearchWords, Walkthrough, WalkthroughStep, WalkthroughVersion
from walkthroughs.publishing.origin import Origin, PublishResult
from walkthroughs.publishing.predecessors import predecessors
from walkthroughs.publishing.rows import step_columns, version_columns, walkthrough_columns

_new_walkthrough_id, _new_step_id, _new_version_id = map(id_factory, ("wt", "ws", "wv"))


@dataclass(frozen=True, slots=True)
class NewWalkthrough:
    """A walkthrough to store.

    Attributes:
        content: what it holds.
        outline: the same content's.
        is_published: visible to learners.
        folder: where it was read in its source; none if it is to be read again.
        git_tree: the Git tree of that folder.
    """

    content: WalkthroughContent
    outline: Outline
    is_published: bool = False
    folder: str | None = None
    git_tree: str | None = None


def create(
    session: Session,
    organization_id: str,
    content: WalkthroughContent,
    origin: Origin,
    *,
    is_published: bool = False,
) -> PublishResult:
    """Store *content* as a new walkthrough, at version 1.

    Raises:
        sqlalchemy.exc.IntegrityError: the source has a walkthrough with this id already.
    """
    return create_all(
        session, organization_id, [NewWalkthrough(content, content.outline(), is_published)], origin
    )[0]


def create_unwritten(
    session: Session, organization_id: str, title: str, own_id: str | None = None
) -> str:
    """Store a walkthrough that has no version yet, for a draft to be begun; return its id.

    *own_id* is the author's; a new one is made without it.
    """
    content = WalkthroughContent(own_id or author_id(), title)
    row = Walkthrough(
        organization_id=organization_id,
        external_id=content.id,
        title=title,
        version=0,
        digest=content.digest(),
    )
    session.add(row)
    session.flush()
    return row.id


def create_all(
    session: Session, organization_id: str, new: Sequence[NewWalkthrough], origin: Origin
) -> list[PublishResult]:
    """Store new walkthroughs at once, as `create` stores one; return their outcomes in order."""
    find_predecessors = partial(predecessors, session, organization_id, origin=origin)
    return store(session, prepare(organization_id, new, origin, find_predecessors))


@dataclass(frozen=True, slots=True)
class Prepared:
    """New walkthroughs as rows that are not stored yet, and what each comes to, in order."""

    outcomes: Sequence[PublishResult]
    copies: Sequence[Copy]
    events: Sequence[Event]


def store(session: Session, prepared: Prepared) -> list[PublishResult]:
    """Store what `prepare` made; return the outcomes in order.

    Raises:
        sqlalchemy.exc.IntegrityError: a source has a walkthrough with one of the ids already.
    """
    for copy in prepared.copies:
        bulk_copy.send(session, copy)
    record_many(session, prepared.events)
    return list(prepared.outcomes)


def prepare(
    organization_id: str,
    new: Sequence[NewWalkthrough],
    origin: Origin,
    find_predecessors: Callable[[Outline], Mapping[str, list[str]]],
) -> Prepared:
    """Make the rows of new walkthroughs, without the database.

    Args:
        organization_id: whose they are.
        new: what they hold.
        origin: where they come from.
        find_predecessors: does what `predecessors` does.
    """
    outcomes: list[PublishResult] = []
    walkthroughs: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    versions: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []  # to be noted
    events: list[Event] = []
    for each in new:
        walkthrough_id = _new_walkthrough_id()
        own = {"organization_id": organization_id, "created_at": now_ms()}
        inner = own | {"walkthrough_id": walkthrough_id}
        ids = [_new_step_id() for _ in each.content.steps]
        revision = compare(None, each.outline)
        walkthroughs.append(
            own
            | {
                "id": walkthrough_id,
                "updated_at": own["created_at"],
                "source_id": origin.source_id,
                "external_id": each.content.id,
                "is_published": each.is_published,
                "version": 1,
                "first_step_id": ids[0] if ids else None,
                "step_count": len(ids),
                "digest": each.outline.digest,
                "folder": each.folder,
                "git_tree": each.git_tree,
            }
            | walkthrough_columns(each.content)
        )
        steps += _steps(inner, ids, each.content, find_predecessors(each.outline))
        version = version_columns(1, revision, each.outline.digest, ids, origin)
        versions.append(inner | {"id": _new_version_id()} | version)
        words.append(
            {
                "organization_id": organization_id,
                "walkthrough_id": walkthrough_id,
                "version": 1,
            }
        )
        events.append(_event(organization_id, walkthrough_id, each, origin))
        outcomes.append(PublishResult(walkthrough_id, 1, revision.level, revision.summary))
    tables = (
        (Walkthrough, walkthroughs),
        (WalkthroughStep, steps),
        (SearchWords, words),
        (WalkthroughVersion, versions),
    )
    copies = [bulk_copy.prepare(model.__table__, rows) for model, rows in tables if rows]
    return Prepared(outcomes, copies, events)


def _event(organization_id: str, walkthrough_id: str, new: NewWalkthrough, origin: Origin) -> Event:
    after: dict[str, object] = {
        "version": 1,
        "published": new.is_published,
        "steps": len(new.content.steps),
    }
    if origin.git_commit:
        after["commit"] = origin.git_commit
    return Event(
        organization_id, "walkthrough.create", walkthrough_id, new.content.title, None, after
    )


def _steps(
    own: dict[str, Any],
    ids: list[str],
    content: WalkthroughContent,
    predecessors_by_step: Mapping[str, list[str]],
) -> list[dict[str, Any]]:
    """Return the rows of the steps, as one chain."""
    return [
        own
        | {
            "id": step_id,
            "next_step_id": following,
            "display_order": position,
            "external_id": step.id,
            "revision": step.revision,
            "predecessor_ids": predecessors_by_step.get(step.id, []),
        }
        | step_columns(step)
        for position, (step_id, following, step) in enumerate(
            zip(ids, [*ids[1:], None], content.steps, strict=False)
        )
    ]
