"""Learners, as operators speak of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from walkthroughs.errors import NotFound
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.progress import WalkthroughProgress
from walkthroughs.models.servers import McpServerUser

#: Stands for an organization's erased learners, in the place of an e-mail address that none can be.
ERASED = "(erased learners)"
_new_learner_id = id_factory("msu")


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
    session: Session,
    organization_id: str,
    search: str = "",
    *,
    limit: int,
    page: int = 1,
    also: tuple[ColumnElement[bool], ...] = (),
    only_whole: bool = False,
    max_counted: int | None = None,
) -> tuple[list[LearnerLine], int]:
    """Return a page of the organization's learners by e-mail address, and how many there are.

    Args:
        session: of a transaction.
        organization_id: whose.
        search: the beginning of the e-mail address, or of its domain with the @, or a whole id.
        limit: how many at most.
        page: counted from 1.
        also: more conditions for learners.
        only_whole: find a learner by the whole e-mail address, not by a part of it.
        max_counted: count no further: the number is then one more than that.
    """
    conditions = (*of_organization(organization_id), *also)
    if words := search.strip():
        conditions += (_is_email(words) if only_whole else is_named(words),)
    order = (McpServerUser.email, McpServerUser.id)
    ids = select(McpServerUser.id).where(*conditions)
    most = None if max_counted is None else max_counted + 1
    if (
        words
    ):  # found first, put in order then: else all addresses may be read in order to find some
        found = select(McpServerUser.id).where(*conditions).limit(most).subquery()
        ids = select(McpServerUser.id).join(found, found.c.id == McpServerUser.id)
    total = session.scalar(select(func.count()).select_from(ids.limit(most).subquery())) or 0
    if total <= (page - 1) * limit and total != most:
        return [], total  # to find out again that nobody is there would take as long
    # The progress of those on the page alone: not of those on all the pages before it.
    shown = ids.order_by(*order).limit(limit).offset((page - 1) * limit).subquery()
    query = (
        select(
            McpServerUser.id,
            McpServerUser.email,
            McpServerUser.created_at,
            _of_progress(func.count()),
            _of_progress(func.max(WalkthroughProgress.active_at)),
        )
        .join(shown, shown.c.id == McpServerUser.id)
        .where(McpServerUser.organization_id == organization_id)
        .order_by(*order)
    )
    return [LearnerLine(*row) for row in session.execute(query)], total


def is_named(words: str) -> ColumnElement[bool]:
    """Return whether a learner's e-mail address begins with *words*, or whether it is their id.

    With an @ in front they are the beginning of the address's domain, which takes longer to find.
    """
    email = words.lower()
    if email.startswith("@"):
        return McpServerUser.email.contains(email, autoescape=True)
    return or_(McpServerUser.email.startswith(email, autoescape=True), McpServerUser.id == words)


def _is_email(words: str) -> ColumnElement[bool]:
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
