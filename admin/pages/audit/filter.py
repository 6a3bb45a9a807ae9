"""Which changes the audit's address asks for, and the query that reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from admin import queries
from admin.audit_words import KINDS
from walkthroughs.audit.record import without_learners
from walkthroughs.enums import AuditPlace
from walkthroughs.models import AuditEvent

_MAX_LETTERS = 254


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the address asks for; what cannot be read in it is left out.

    Attributes:
        who: a member's e-mail address, or another actor's name.
        kind: a kind of thing.
        place: from where.
        of: the id of one thing.
        since: the first day, in UTC.
        until: the last day.
        before: the time and number of the last change of the page before.
    """

    who: str = ""
    kind: str = ""
    place: str = ""
    of: str = ""
    since: date | None = None
    until: date | None = None
    before: tuple[int, int] | None = None

    @classmethod
    def parse(cls, arguments: Mapping[str, str]) -> AuditFilter:
        """Read the query of an address."""
        return cls(
            who=arguments.get("who", "").strip()[:_MAX_LETTERS],
            kind=queries.choice(arguments, "kind", KINDS),
            place=queries.choice(arguments, "place", set(AuditPlace)),
            of=arguments.get("of", "")[:_MAX_LETTERS],
            since=_day(arguments.get("since", "")),
            until=_day(arguments.get("until", "")),
            before=_position(arguments.get("before", "")),
        )

    @property
    def is_empty(self) -> bool:
        """Return whether everything is asked for."""
        return not self.query()

    def query(self, last: AuditEvent | None = None) -> dict[str, Any]:
        """Return the query of an address with the same filters, after the change *last*."""
        values = {
            "who": self.who,
            "kind": self.kind,
            "place": self.place,
            "of": self.of,
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "before": f"{last.happened_at}-{last.id}" if last else "",
        }
        return {name: value for name, value in values.items() if value}


def read_events(
    session: Session, organization_id: str, wanted: AuditFilter, most: int
) -> list[AuditEvent]:
    """Return the newest changes that are wanted, *most* at most, newest first."""
    event = AuditEvent
    query = select(event).where(event.organization_id == organization_id)
    for column, value in (
        (event.actor, wanted.who),
        (event.kind, wanted.kind),
        (event.place, wanted.place),
        (event.target_id, without_learners(wanted.of)),
    ):
        if value:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(event.happened_at >= _start_ms(wanted.since))
    if wanted.until is not None:
        query = query.where(event.happened_at < _start_ms(wanted.until) + _DAY_MS)
    if wanted.before is not None:
        query = query.where(tuple_(event.happened_at, event.id) < tuple_(*wanted.before))
    query = query.order_by(event.happened_at.desc(), event.id.desc())
    return list(session.scalars(query.limit(most)))


_DAY_MS = timedelta(days=1) // timedelta(milliseconds=1)


def _start_ms(day: date) -> int:
    start = datetime.combine(day, time(), UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return start // timedelta(milliseconds=1)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _position(text: str) -> tuple[int, int] | None:
    at, _, number = text.partition("-")
    if not (at.isdecimal() and number.isdecimal() and len(text) < 35):
        return None
    position = int(at), int(number)
    return position if max(position) < 2**63 else None
