"""What is done to walkthroughs from their list: what a button asks for, and doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from walkthroughs.content.wording import count_of
from walkthroughs.errors import NotFound
from walkthroughs.models import McpServer, Walkthrough
from walkthroughs.publishing import assignments
from walkthroughs.publishing.many import Deed, Done, do_to_all

#: Of one request. A page of the list has fewer.
MAX_CHOSEN = 100
_ASSIGN, _UNASSIGN = "assign", "unassign"
#: What the page says after it, and what takes it back.
_DONE: Mapping[str, tuple[str, str]] = {
    Deed.HIDE: ("Hidden: {}. Learners do not see it; their progress stays.", Deed.SHOW),
    Deed.SHOW: ("Shown to learners: {}.", Deed.HIDE),
    Deed.ARCHIVE: ("Archived: {}. Learners do not see it; their progress stays.", Deed.RESTORE),
    Deed.RESTORE: ("Restored: {}.", Deed.ARCHIVE),
    _ASSIGN: ("Put on {server}: {}.", _UNASSIGN),
    _UNASSIGN: ("Taken off {server}: {}. Progress of learners stays.", _ASSIGN),
}
_TOLD, _SHORT = 5, 60


@dataclass(frozen=True, slots=True)
class Order:
    """What a button asks for.

    Attributes:
        verb: one of `_DONE`.
        server: the slug, if the verb is about one.
        ids: of walkthroughs, or of what is none.
    """

    verb: str
    server: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says: what was done, what takes it back, and what was not done and why."""

    done: str = ""
    undo: str = ""
    refused: str = ""


def parse(change: str, chosen: Sequence[str], server: str) -> Order | None:
    """Return what a button asks for; none if it means nothing.

    Args:
        change: `VERB[:SERVER] ID…`; without an id it is about the ones that are *chosen*.
        chosen: what is ticked.
        server: the one that is chosen, if the button names none.
    """
    what, *ids = change.split()[: MAX_CHOSEN + 2] or [""]
    verb, _, slug = what.partition(":")
    return Order(verb, slug or server, tuple(ids or chosen)) if verb in _DONE else None


def carry_out(session: Session, organization_id: str, order: Order) -> Told:
    """Do what is asked for to each walkthrough that it can be done to.

    Raises:
        NotFound: there is no such server.
    """
    if not order.ids:
        return Told(refused="Tick a walkthrough first.")
    if len(order.ids) > MAX_CHOSEN:
        return Told(refused=f"At most {MAX_CHOSEN} walkthroughs are changed at once.")
    if order.verb in {_ASSIGN, _UNASSIGN}:
        return _place(session, organization_id, order)
    done = do_to_all(session, organization_id, order.ids, Deed(order.verb))
    return _told(order.verb, done, _titles(session, organization_id, done.ids))


def _place(session: Session, organization_id: str, order: Order) -> Told:
    server = session.execute(
        select(McpServer.id, McpServer.name).where(
            McpServer.organization_id == organization_id, McpServer.slug == order.server
        )
    ).one_or_none()
    if server is None:
        raise NotFound("There is no such server any more.")
    own = _titles(session, organization_id, order.ids)
    refused: list[tuple[str, str]] = []
    if order.verb == _ASSIGN:
        rows = session.execute(
            select(Walkthrough.id, Walkthrough.title).where(
                Walkthrough.organization_id == organization_id,
                Walkthrough.id.in_(own),
                Walkthrough.archived_at.is_not(None),
            )
        )
        archived = {row.id for row in rows}
        refused += [(own[name], "archived: restore it first") for name in own if name in archived]
        wanted = [name for name in own if name not in archived]
        ids = assignments.assign(session, organization_id, server.id, wanted)
        refused += [(own[name], "on it already") for name in wanted if name not in ids]
    else:
        ids = assignments.unassign(session, organization_id, server.id, *own)
    done = Done(tuple(ids), tuple(refused))
    return _told(order.verb, done, own, f":{order.server}", server.name)


def _titles(session: Session, organization_id: str, ids: Sequence[str]) -> dict[str, str]:
    """Return the titles of those of the ids that are walkthroughs, in their order."""
    rows = session.execute(
        select(Walkthrough.id, Walkthrough.title).where(
            Walkthrough.organization_id == organization_id, Walkthrough.id.in_(ids)
        )
    )
    found = {row.id: row.title for row in rows}
    return {name: found[name] for name in ids if name in found}


def _told(
    verb: str, done: Done, titles: Mapping[str, str], of_server: str = "", server: str = ""
) -> Told:
    sentence, reverse = _DONE[verb]
    refused = [f"{_quoted(title)} ({why})" for title, why in done.refused[:_TOLD]]
    more = len(done.refused) - _TOLD
    left = "; ".join([*refused, *([f"{more} more"] if more > 0 else [])])
    if not done.ids:
        return Told(refused=f"Nothing was changed: {left}." if left else "Nothing was changed.")
    one = len(done.ids) == 1
    what = _quoted(titles[done.ids[0]]) if one else count_of(len(done.ids), "walkthrough")
    said = sentence.format(what, server=server)
    said = said if one else said.replace("see it", "see them")
    undo = " ".join([f"{reverse}{of_server}", *done.ids])
    return Told(said, undo, f"Not done: {left}." if left else "")


def _quoted(title: str) -> str:
    return f"“{title if len(title) <= _SHORT else f'{title[:_SHORT]}…'}”"
