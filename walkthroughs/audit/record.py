"""Record a change in the transaction that makes it: both are stored, or neither."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy.orm import Session

from walkthroughs.crypto import hash_token
from walkthroughs.database import bulk_copy
from walkthroughs.enums import AuditPlace
from walkthroughs.ids import now_ms
from walkthroughs.models.audit import AuditEvent

Values = Mapping[str, object]
#: Longer texts and lists are cut: the audit tells what changed, and is no second copy of it.
MAX_LETTERS, MAX_ITEMS = 300, 20
_ACTOR = "audit actor"
#: The id of a learner's row.
_LEARNER = re.compile(r"\bmsu_[\w-]{10}(?![\w-])")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, and from where."""

    name: str
    place: AuditPlace


#: Who changes something in a session of which nothing else was said.
COMMAND_LINE = Actor("command line", AuditPlace.COMMAND_LINE)


@dataclass(frozen=True, slots=True)
class Event:
    """What was done to what.

    Attributes:
        organization_id: whose audit it is in.
        verb: a kind of thing and what was done to it, such as `walkthrough.publish`.
        target_id: the id of that thing.
        title: what people call it. Learners are never named, and their ids are replaced by
            `without_learners`: what is here cannot be erased.
        before: the values that have changed, as they were.
        after: the same values since. Never a secret, nor a hash of one.
    """

    organization_id: str
    verb: str
    target_id: str
    title: str
    before: Values | None = None
    after: Values | None = None


def git_actor(source_name: str) -> Actor:
    """Return the content source with this name as the one who changes something."""
    return Actor(f"git:{source_name}", AuditPlace.GIT)


def act_as(session: Session, actor: Actor | Callable[[], Actor]) -> None:
    """Let *actor* be who makes the changes of *session* from now on."""
    session.info[_ACTOR] = actor


def session_info(actor: Callable[[], Actor]) -> dict[str, object]:
    """Return the `info` for a factory of sessions whose changes are made by *actor*."""
    return {_ACTOR: actor}


def without_learners(text: str) -> str:
    """Return *text* with what stands for a learner's id in place of each.

    It is the same for each change of one learner, and leads back to nobody once they are erased.
    """
    return _LEARNER.sub(lambda found: f"learner-{hash_token(found[0])[:12]}", text)


def record(session: Session, *events: Event) -> None:
    """Store *events* in the transaction of *session*, whose actor made them."""
    if events:
        rows = [_columns(event, _actor_of(session)) for event in events]
        session.connection().execute(AuditEvent.__table__.insert().inline(), rows)


def record_many(session: Session, events: Sequence[Event]) -> None:
    """Do the same for hundreds at once."""
    rows = [_columns(event, _actor_of(session)) for event in events]
    bulk_copy.insert_rows(session, AuditEvent.__table__, rows)


def _actor_of(session: Session) -> Actor:
    actor = session.info.get(_ACTOR, COMMAND_LINE)
    found: Actor = actor() if callable(actor) else actor
    return found


def _columns(event: Event, actor: Actor) -> dict[str, Any]:
    return {
        "organization_id": event.organization_id,
        "happened_at": now_ms(),
        "actor": actor.name[:MAX_LETTERS],
        "place": actor.place.value,
        "verb": event.verb,
        "kind": event.verb.partition(".")[0],
        "target_id": without_learners(event.target_id),
        "title": event.title[:MAX_LETTERS],
        "before": _small(event.before),
        "after": _small(event.after),
    }


def _small(values: Values | None) -> dict[str, object] | None:
    if values is None:
        return None
    return {name: _small_value(value) for name, value in values.items()}


def _small_value(value: object) -> object:
    if isinstance(value, Enum):
        return _small_value(value.value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple):
        more = [f"and {len(value) - MAX_ITEMS} more"] if len(value) > MAX_ITEMS else []
        return [_small_value(item) for item in value[:MAX_ITEMS]] + more
    text = without_learners(str(value))
    return text if len(text) <= MAX_LETTERS else f"{text[:MAX_LETTERS]}…"
