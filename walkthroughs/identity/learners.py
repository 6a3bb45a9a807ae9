"""Learners, as operators speak of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from walkthroughs.errors import NotFound
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.progress import WalkthroughProgress
from walkthroughs.models.servers import McpServerUser

#: Stands for an organization's erased learners, in the place of an e-mail address that none can be.
ERASED = "(erased learners)"
ID_PREFIX = "msu"
_new_learner_id = id_factory(ID_PREFIX)
BY_ADDRESS = (McpServerUser.email, McpServerUser.id)


@dataclass(frozen=True, slots=True)
class LearnerLine:
    """A learner in a list; *active_at* is when they were last shown a step."""

    id: str
    email: str | None
    created_at: int
    walkthroughs: int
    active_at: int | None


def of_organization(organization_id: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the organization's learners; what erased ones leave is none."""
    return (
        McpServerUser.organization_id == organization_id,
        McpServerUser.email.is_distinct_from(ERASED),
    )


def find_learner(session: Session, organization_id: str, named: str) -> McpServerUser:
    """Return the organization's learner with this e-mail address or id.

    Raises:
        NotFound: it has no such learner.
    """
    name = named.strip()
    found: McpServerUser | None = session.scalar(
        select(McpServerUser).where(
            *of_organization(organization_id),
            or_(McpServerUser.email == name.lower(), McpServerUser.id == name),
        )
    )
    if found is None:
        raise NotFound(f'The organization has no learner "{named[:80]}".')
    return found


def list_learners(
    session: Session, organization_id: str, search: str = "", *, limit: int, page: int = 1
) -> tuple[list[LearnerLine], int]:
    """Return a page of the organization's learners by e-mail address, and how many there are.

    Args:
        session: of a transaction.
        organization_id: whose.
        search: the beginning of the e-mail address, or of its domain with the @, or a whole id.
        limit: how many at most.
        page: counted from 1.
    """
    conditions = of_organization(organization_id)
    if words := search.strip():
        conditions += (is_named(words),)
    ids = select(McpServerUser.id).where(*conditions)
    total = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    shown = ids.order_by(*BY_ADDRESS).limit(limit).offset((page - 1) * limit)
    return read_lines(session, organization_id, session.scalars(shown).all()), total


def read_lines(
    session: Session, organization_id: str, learner_ids: Sequence[str]
) -> list[LearnerLine]:
    """Return the lines of the organization's learners with these ids, in the same order."""
    query = select(
        McpServerUser.id,
        McpServerUser.email,
        McpServerUser.created_at,
        _of_progress(func.count()),
        _of_progress(func.max(WalkthroughProgress.active_at)),
    ).where(McpServerUser.organization_id == organization_id, McpServerUser.id.in_(learner_ids))
    found = {row.id: LearnerLine(*row) for row in session.execute(query)}
    return [found[each] for each in learner_ids if each in found]


def is_named(words: str) -> ColumnElement[bool]:
    """Return whether a learner's e-mail address begins with *words*, or whether it is their id.

    With an @ in front they are the beginning of the address's domain.
    """
    email = words.lower()
    if email.startswith("@"):
        # Written as its index has it: values cannot be parameters there.
        domain: ColumnElement[str] = literal_column("split_part(mcp_server_user.email, '@', 2)")
        return domain.startswith(email[1:], autoescape=True)
    begins = McpServerUser.email.startswith(email, autoescape=True)
    # Only what looks like an id is looked for as one: else no index has the order of the list.
    return or_(begins, McpServerUser.id == words) if words.startswith(ID_PREFIX) else begins


def is_known_by(words: str) -> ColumnElement[bool]:
    """Return whether *words* are all of a learner's e-mail address, or their id."""
    return or_(McpServerUser.email == words.lower(), McpServerUser.id == words)


def learner_ids(session: Session, organization_id: str, emails: list[str]) -> dict[str, str]:
    """Return the id of each learner by e-mail address; make those who are not known yet."""
    rows = [
        {
            "id": _new_learner_id(),
            "organization_id": organization_id,
            "email": email,
            "created_at": now_ms(),
        }
        for email in emails
    ]
    session.execute(
        insert(McpServerUser).on_conflict_do_nothing(index_elements=["organization_id", "email"]),
        rows,
    )
    query = select(McpServerUser.email, McpServerUser.id).where(
        McpServerUser.organization_id == organization_id, McpServerUser.email.in_(emails)
    )
    return {row.email: row.id for row in session.execute(query)}


def _of_progress(value: ColumnElement[int]) -> ColumnElement[int]:
    """Return *value* over the walkthroughs that the learner has started."""
    query = select(value).where(
        WalkthroughProgress.organization_id == McpServerUser.organization_id,
        WalkthroughProgress.mcp_server_user_id == McpServerUser.id,
        WalkthroughProgress.status != "not_started",
    )
    return query.correlate(McpServerUser).scalar_subquery()
