"""Which walkthroughs a server offers. Content may ask for one; the dashboard decides the rest."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from walkthroughs.audit.record import MAX_ITEMS, Event, record
from walkthroughs.errors import NotFound
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.servers import McpServer, McpServerWalkthrough
from walkthroughs.models.walkthroughs import Walkthrough

_new_id = id_factory("msw")


def assign(
    session: Session,
    organization_id: str,
    server_id: str,
    walkthrough_ids: Sequence[str],
    *,
    is_from_git: bool = False,
) -> list[str]:
    """Put the walkthroughs on the server, last in order and on; return which were not there.

    Existing assignments stay as they are. *is_from_git* says that their manifests ask for it.
    """
    if not walkthrough_ids:
        return []
    table = McpServerWalkthrough
    last = session.scalar(
        select(func.coalesce(func.max(table.display_order), -1)).where(
            table.organization_id == organization_id, table.mcp_server_id == server_id
        )
    )
    done = session.scalars(
        insert(table)
        .on_conflict_do_nothing(index_elements=["mcp_server_id", "walkthrough_id"])
        .returning(table.walkthrough_id),
        [
            {
                "id": _new_id(),
                "organization_id": organization_id,
                "mcp_server_id": server_id,
                "walkthrough_id": walkthrough_id,
                "display_order": order,
                "is_enabled": True,
                "is_from_git": is_from_git,
                "assigned_at": now_ms(),
            }
            for order, walkthrough_id in enumerate(walkthrough_ids, 1 + (last or 0))
        ],
    ).all()
    if done:
        _record(session, organization_id, server_id, done)
    return [name for name in walkthrough_ids if name in done]


def unassign(
    session: Session, organization_id: str, server_id: str, *walkthrough_ids: str
) -> list[str]:
    """Take the walkthroughs off the server; return which were there. Learners' progress stays."""
    removed = session.execute(
        delete(McpServerWalkthrough)
        .where(
            *_of_server(organization_id, server_id),
            McpServerWalkthrough.walkthrough_id.in_(walkthrough_ids),
        )
        .returning(McpServerWalkthrough.id, McpServerWalkthrough.walkthrough_id)
    ).all()
    gone = {row.walkthrough_id: row.id for row in removed}
    titles = _titles(session, organization_id, server_id, list(gone)) if gone else {}
    events = [
        Event(organization_id, "assignment.remove", gone[name], titles[name]) for name in gone
    ]
    record(session, *events)
    return [name for name in walkthrough_ids if name in gone]


def switch(
    session: Session, organization_id: str, server_id: str, walkthrough_id: str, *, is_enabled: bool
) -> None:
    """Offer an assigned walkthrough, or do not, without changing its place."""
    switched = session.execute(
        update(McpServerWalkthrough)
        .where(
            *_of_server(organization_id, server_id),
            McpServerWalkthrough.walkthrough_id == walkthrough_id,
            McpServerWalkthrough.is_enabled.is_not(is_enabled),
        )
        .values(is_enabled=is_enabled)
        .returning(McpServerWalkthrough.id)
    ).all()
    if switched:
        title = _title(session, organization_id, server_id, walkthrough_id)
        before, after = {"is_enabled": not is_enabled}, {"is_enabled": is_enabled}
        change = Event(organization_id, "assignment.change", switched[0].id, title, before, after)
        record(session, change)


def move(
    session: Session, organization_id: str, server_id: str, walkthrough_id: str, after: str | None
) -> str | None:
    """Put an assigned walkthrough right behind *after*, or first; return what it stood behind.

    Places are relative, so that two people who move different ones both get what they wanted.

    Raises:
        NotFound: one of them is not assigned to the server (any more).
    """
    _lock(session, organization_id, server_id)
    rows = session.execute(
        select(
            McpServerWalkthrough.id,
            McpServerWalkthrough.walkthrough_id,
            McpServerWalkthrough.display_order,
        )
        .where(*_of_server(organization_id, server_id))
        .order_by(McpServerWalkthrough.display_order, McpServerWalkthrough.id)
    ).all()
    order = [row.walkthrough_id for row in rows]
    if walkthrough_id not in order or after not in {None, *order}:
        raise NotFound("It is no longer on this server. Reload the page to see what is.")
    place = order.index(walkthrough_id)
    was_after = order[place - 1] if place else None
    wanted = moved(order, walkthrough_id, after)
    stood = {row.walkthrough_id: row.display_order for row in rows}
    for display_order, name in enumerate(wanted):
        if stood[name] != display_order:
            session.execute(
                update(McpServerWalkthrough)
                .where(
                    *_of_server(organization_id, server_id),
                    McpServerWalkthrough.walkthrough_id == name,
                )
                .values(display_order=display_order)
            )
    if wanted != order:
        title = _title(session, organization_id, server_id, walkthrough_id)
        places = {"place": place + 1}, {"place": wanted.index(walkthrough_id) + 1}
        record(session, Event(organization_id, "assignment.move", rows[place].id, title, *places))
    return was_after


def moved(order: Sequence[str], name: str, after: str | None) -> list[str]:
    """Return *order* with *name* right behind *after*, or first. Behind itself: as it is."""
    if after == name:
        return list(order)
    others = [each for each in order if each != name]
    place = others.index(after) + 1 if after is not None else 0
    return [*others[:place], name, *others[place:]]


def _lock(session: Session, organization_id: str, server_id: str) -> None:
    """Let changes of a server's order follow each other."""
    session.execute(
        select(McpServer.id)
        .where(McpServer.organization_id == organization_id, McpServer.id == server_id)
        .with_for_update(key_share=True)
    )


def _of_server(organization_id: str, server_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        McpServerWalkthrough.organization_id == organization_id,
        McpServerWalkthrough.mcp_server_id == server_id,
    )


def _title(session: Session, organization_id: str, server_id: str, walkthrough_id: str) -> str:
    return _titles(session, organization_id, server_id, [walkthrough_id])[walkthrough_id]


def _titles(
    session: Session, organization_id: str, server_id: str, walkthrough_ids: Sequence[str]
) -> dict[str, str]:
    rows = session.execute(
        select(Walkthrough.id, Walkthrough.title, McpServer.name)
        .join(McpServer, McpServer.organization_id == Walkthrough.organization_id)
        .where(
            Walkthrough.organization_id == organization_id,
            Walkthrough.id.in_(walkthrough_ids),
            McpServer.id == server_id,
        )
    )
    return {row.id: f"{row.title} on {row.name}" for row in rows}


def _record(
    session: Session, organization_id: str, server_id: str, walkthrough_ids: Sequence[str]
) -> None:
    name = session.scalars(
        select(McpServer.name).where(
            McpServer.organization_id == organization_id, McpServer.id == server_id
        )
    ).one()
    titles = session.scalars(
        select(Walkthrough.title)
        .where(Walkthrough.organization_id == organization_id, Walkthrough.id.in_(walkthrough_ids))
        .order_by(Walkthrough.title)
        .limit(MAX_ITEMS)
    ).all()
    after = {"walkthroughs": list(titles), "count": len(walkthrough_ids)}
    record(session, Event(organization_id, "server.assign", server_id, name, None, after))
