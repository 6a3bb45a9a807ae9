"""Find the learners whom a member asks for: a page of them, and how many there are.

What a page costs does not grow with the learners there are. Pages come from an index that has their
order. The number is of at most `MAX_COUNTED` learners that were looked at; that of a walkthrough
with many learners was counted beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from admin.formats import MAX_COUNTED
from admin.pages.learners.filter import WantedLearners
from walkthroughs.enums import ProgressStatus
from walkthroughs.events import analytics
from walkthroughs.events.counted_places import CountedWalkthrough, read_counted
from walkthroughs.identity.learners import BY_ADDRESS, is_known_by, is_named, of_organization
from walkthroughs.models import McpServer, McpServerUser, WalkthroughProgress

PAGE_SIZE = 50
_BY_ACTIVITY = (McpServerUser.active_on.desc(), McpServerUser.id.desc())
#: So many are looked at of those who are searched for, and of those who were active lately whether
#: they were so where it is asked.
_FEWER = 1_000


@dataclass(frozen=True, slots=True)
class Total:
    """How many learners fit.

    Attributes:
        number: as many at least; all of them, unless `is_more`.
        is_more: there may be more, since not all learners were looked at.
        at_ms: when they were counted; none: just now.
    """

    number: int
    is_more: bool = False
    at_ms: int | None = None

    @property
    def words(self) -> str:
        """Return the number in words: "270", or "270+" if there may be more."""
        return f"{min(self.number, MAX_COUNTED):,}{'+' if self.is_more else ''}"

    @property
    def pages(self) -> int:
        """Return how many pages the list has."""
        return max(1, -(-min(self.number, MAX_COUNTED) // PAGE_SIZE))


def find(
    session: Session, organization_id: str, wanted: WantedLearners, *, only_whole: bool
) -> tuple[Sequence[str], Total]:
    """Return the ids of the page that *wanted* asks for, in its order, and how many fit.

    Learners are in the order of their addresses. If nothing is searched for, those of a walkthrough
    are in that of their beginning, and those who were active lately in that of their last day: the
    last one first. With *only_whole* an address is found by all of it alone.
    """
    if wanted.is_of_walkthrough:
        return _find_in_walkthrough(session, organization_id, wanted)
    own = (*of_organization(organization_id), *wanted.of_learner())
    if wanted.words:
        own += ((is_known_by if only_whole else is_named)(wanted.words),)
    order = _BY_ACTIVITY if wanted.since and not wanted.words else BY_ADDRESS
    query = select(McpServerUser.id).where(*own).order_by(*order)
    total = _count(session, organization_id, wanted, query)
    fitting = query.where(*wanted.fits(organization_id, McpServerUser.id))
    return _page(session, wanted, fitting, total)


def _count(
    session: Session, organization_id: str, wanted: WantedLearners, own: Select[str]
) -> Total:
    """Count those of the learners *own* who fit, among the first ones in their order."""
    if wanted.is_active_lately:  # who has done anything is counted on the way
        number = analytics.count_active_since(session, organization_id, wanted.first_day)
        return Total(number, is_more=number > MAX_COUNTED)
    is_long = wanted.words or (wanted.since and wanted.looks_at_places)
    most = _FEWER if is_long else MAX_COUNTED
    looked_at = own.limit(most + 1).subquery()
    # Who began just now is told apart when the page is read: to ask of all would take long.
    fits = wanted.fits(organization_id, looked_at.c.id) if wanted.looks_at_places else ()
    found = func.count().filter(and_(*fits)) if fits else func.count()
    number, looked = session.execute(select(found, func.count()).select_from(looked_at)).one()
    return Total(number, is_more=looked > most)


def _page(
    session: Session, wanted: WantedLearners, query: Select[str], total: Total
) -> tuple[Sequence[str], Total]:
    """Return the page of *query*. On the last one all are known, so that the number is exact."""
    before = (wanted.page - 1) * PAGE_SIZE
    if before >= total.number and before:
        return [], total
    ids = session.scalars(query.limit(PAGE_SIZE).offset(before)).all()
    known = before + len(ids)
    if len(ids) < PAGE_SIZE and (ids or not before):
        return ids, Total(known)
    return ids, replace(total, number=max(total.number, known))


def _find_in_walkthrough(
    session: Session, organization_id: str, wanted: WantedLearners
) -> tuple[Sequence[str], Total]:
    progress = WalkthroughProgress
    query = select(progress.mcp_server_user_id).where(
        progress.organization_id == organization_id,
        progress.status != ProgressStatus.NOT_STARTED,
        progress.started_at >= 0,  # with it the index has the order
        *wanted.of_place(organization_id),
    )
    counted = read_counted(session, organization_id, wanted.walkthrough)
    if counted is None:  # few, or they are counted soon
        found = query.limit(MAX_COUNTED + 1).subquery()
        number = session.scalar(select(func.count()).select_from(found)) or 0
        total = Total(number, is_more=number > MAX_COUNTED)
    else:
        total = _counted_total(session, organization_id, wanted, counted)
    newest = query.order_by(progress.started_at.desc(), progress.id.desc())
    return _page(session, wanted, newest, total)


def _counted_total(
    session: Session, organization_id: str, wanted: WantedLearners, counted: CountedWalkthrough
) -> Total:
    server_id = ""  # of no server: a place of a deleted one has none
    if wanted.server:
        server_id = (
            session.scalar(
                select(McpServer.id).where(
                    McpServer.organization_id == organization_id, McpServer.slug == wanted.server
                )
            )
            or ""
        )
    number = sum(
        each.learners
        for each in counted.places
        if (not wanted.server or each.server_id == server_id)
        and (not wanted.status or each.is_finished == (wanted.status == ProgressStatus.COMPLETED))
        and (not wanted.since or each.were_shown_within(int(wanted.since)))
    )
    return Total(number, is_more=number > MAX_COUNTED, at_ms=counted.at_ms)
