"""What the settings of a server show, and what goes with it when it is deleted."""

from __future__ import annotations

from typing import Any

from flask import abort, g
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from admin.forms import AUTH_TYPES, SIGN_INS, ServerForm, meaning_of
from admin.server_form import count_people, prepare
from walkthroughs.addresses import domain_record, server_address
from walkthroughs.content.wording import count_of
from walkthroughs.enums import Role
from walkthroughs.identity.sign_ins import count_open
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.catalog import list_walkthroughs
from walkthroughs.learning.play_through import about_tokens
from walkthroughs.mcp_server import guidance
from walkthroughs.models import (
    McpServer,
    McpServerWalkthrough,
    PersonalLink,
    db,
)
from walkthroughs.runtime import runtime

TABS = {"walkthroughs": "Walkthroughs", "connect": "Connect", "settings": "Settings"}
#: How many titles an assistant is told of when it connects.
_TITLES = 10


def find_server(slug: str) -> McpServer:
    """Return the organization's server with this slug. Foreign and unknown ones are 404."""
    row: McpServer | None = db.session.scalar(
        select(McpServer).where(
            McpServer.organization_id == g.organization_id, McpServer.slug == slug
        )
    )
    return row or abort(404)


def settings_values(server: McpServer, form: Any = None) -> dict[str, Any]:  # noqa: ANN401
    """Return what the tab shows; *form* is one that was refused, with what was typed."""
    session, settings = db.session(), runtime().settings
    is_owner = g.role is Role.OWNER
    if is_owner and form is None:
        form = ServerForm(obj=server)
        prepare(form, session, server)
    own = form.instructions.data if form is not None else server.instructions
    said = _said_at_connect(server, own or None)
    return {
        "server": server,
        "tab": "settings",
        "tabs": TABS,
        "form": form,
        "known_by": meaning_of(AUTH_TYPES, server.auth_type),
        "asks": meaning_of(SIGN_INS, server.sign_in),
        "open_sign_ins": count_open(session, server),
        "address": server_address(settings.base_url, server.slug),
        "record": domain_record(server.custom_domain) if server.custom_domain else None,
        "base_host": settings.base_host,
        "said": said,
        "tokens": about_tokens(own or ""),
        "tokens_in_all": about_tokens(said),
    }


def what_goes(session: Session, server: McpServer) -> list[str]:
    """Return what is deleted with the server, one line for each kind of thing there is."""
    counted = []
    for table, noun in (
        (McpServerWalkthrough, "assignment"),
        (PersonalLink, "personal link"),
    ):
        query = select(func.count()).where(
            table.organization_id == server.organization_id, table.mcp_server_id == server.id
        )
        counted.append((session.scalar(query) or 0, noun))
    counted.append((count_open(session, server), "sign-in"))
    people = count_people(session, server)
    lines = []
    if people:
        lines.append("The address of 1 person" if people == 1 else f"Addresses of {people} people")
    return [*lines, *(count_of(number, noun) for number, noun in counted if number)]


def _said_at_connect(server: McpServer, own: str | None) -> str:
    """Return the very words that an assistant gets when it connects."""
    if not server.walkthrough_tools_enabled:
        return guidance.instructions(server.name, None, 0, own)
    page = list_walkthroughs(runtime().database, Caller(server.organization_id, server.id))
    titles = [card.title for card in page.cards[:_TITLES]]
    return guidance.instructions(server.name, titles, page.total, own)
