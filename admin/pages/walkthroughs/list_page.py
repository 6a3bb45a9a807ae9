"""The list of walkthroughs: search, states, filters, cards."""

from __future__ import annotations

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import func, select

from admin.pages.page import Page
from admin.pages.walkthroughs.cards import CardPage, read_cards
from admin.pages.walkthroughs.filter import SORTS, Wanted
from admin.states import State
from walkthroughs.models import McpServer, Walkthrough, db

_TAGS_OFFERED = 50


class WalkthroughListPage(Page):
    """What the organization teaches."""

    def __init__(self) -> None:
        super().__init__("Walkthroughs", "walkthrough_list", "walkthroughs")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show the page; the part with the cards alone if a script asks for it."""
        wanted = Wanted.parse(request.args)
        shown = read_cards(db.session(), g.organization_id, wanted)
        part = request.headers.get("HX-Target") == "cards"
        return str(
            self.render(
                "handrail/walkthrough_cards.html" if part else "handrail/walkthrough_list.html",
                wanted=wanted,
                shown=shown,
                chips=_chips(wanted, shown),
                servers=[] if part else _servers(),
                tag_options=[] if part else [(tag, tag) for tag in _tags()],
                sorts=SORTS,
                address=lambda **changed: url_for(".index", **wanted.query(**changed)),
            )
        )


def _chips(wanted: Wanted, shown: CardPage) -> list[tuple[str, int, str, bool]]:
    """Return the label, number and address of each state, and whether it is chosen."""
    counts = shown.counts
    everything = sum(count for state, count in counts.items() if state is not State.ARCHIVED)
    chips = [("All", everything, url_for(".index", **wanted.query(state=None)), not wanted.state)]
    for state in State:
        address = url_for(".index", **wanted.query(state=state))
        label = state.value.capitalize()
        chips.append((label, counts.get(state, 0), address, wanted.state is state))
    return chips


def _servers() -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(McpServer.slug, McpServer.name)
        .where(McpServer.organization_id == g.organization_id)
        .order_by(McpServer.name)
    )
    return [(row.slug, row.name) for row in rows]


def _tags() -> list[str]:
    tag = func.jsonb_array_elements_text(Walkthrough.tags).label("tag")
    rows = db.session.execute(
        select(tag)
        .where(Walkthrough.organization_id == g.organization_id, Walkthrough.archived_at.is_(None))
        .distinct()
        .order_by("tag")
        .limit(_TAGS_OFFERED)
    )
    return [row.tag for row in rows]
