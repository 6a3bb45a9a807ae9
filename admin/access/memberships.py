"""Read the user's memberships for each request, so that a removed member has no access.

Every page of an organization is at `/o/<its slug>/admin/`. The organization is that of the
address, never one that the session remembers: two tabs may show two organizations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select, update

from admin.access import sessions
from walkthroughs.addresses import ADMIN, is_dashboard
from walkthroughs.enums import Role
from walkthroughs.ids import now_ms
from walkthroughs.models import Member, Organization, db
from walkthroughs.runtime import runtime

#: Where the pages of an organization are. The word in angle brackets is its slug.
ORGANIZATION_PAGES = f"/o/<organization_slug>{ADMIN}"
_SLUG = "organization_slug"
#: Where `/admin/` goes: the organization that was used last in this browser.
_LAST_USED = "organization_id"


@dataclass(frozen=True, slots=True)
class Membership:
    """An organization of the signed-in user, and their role in it."""

    organization_id: str
    slug: str
    organization: str
    role: Role
    last_seen_at: int | None = None


def install(app: Flask) -> None:
    """Set `g.organization_id`, `g.role` and `g.memberships` for every request of the dashboard.

    Also `g.theme`, and when the member was last seen in the organization.
    """
    app.url_value_preprocessor(_take_slug)
    app.url_defaults(_add_slug)
    app.before_request(_enter)
    app.add_url_rule(f"{ADMIN}/", "last_used", go_to_last_used)


def go_to_last_used() -> ResponseReturnValue:
    """Redirect to the organization that was used last, or to the first one of the user."""
    if not current_user.is_authenticated:
        return redirect(url_for("security.login"))
    if not g.memberships:
        abort(404)
    last = session.get(_LAST_USED)
    found = next((m for m in g.memberships if m.organization_id == last), g.memberships[0])
    return redirect(url_for("admin.index", organization_slug=found.slug))


def _take_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.organization_slug = values.pop(_SLUG, None) if values else None


def _add_slug(endpoint: str, values: dict[str, Any]) -> None:
    """Keep links inside the organization of the page that shows them."""
    slug = g.get("organization_slug")
    if slug and current_app.url_map.is_endpoint_expecting(endpoint, _SLUG):
        values.setdefault(_SLUG, slug)


def _enter() -> None:
    g.organization_id, g.role, g.memberships = None, None, ()
    page = request.endpoint or ""
    if not is_dashboard(request.path) or page.endswith(".static"):
        return
    if not current_user.is_authenticated:
        return
    g.theme = current_user.theme
    g.memberships = _memberships(current_user.id)
    if g.organization_slug is None:
        return
    current = next((m for m in g.memberships if m.slug == g.organization_slug), None)
    if current is None:
        g.organization_slug = None  # no link on the page shall lead there
        abort(404)
    g.organization_id, g.role = current.organization_id, current.role
    _note_seen(current_user.id, current)
    if session.get(_LAST_USED) != current.organization_id and not g.draws_again:
        session[_LAST_USED] = current.organization_id


def _note_seen(user_id: str, membership: Membership) -> None:
    """Store that the member is here now, once a minute at most."""
    now, member = now_ms(), Member.__table__.c
    if now - (membership.last_seen_at or 0) < sessions.SEEN_MS:
        return
    with runtime().database.autocommit() as connection:
        connection.execute(
            update(Member.__table__)
            .where(member.organization_id == membership.organization_id, member.user_id == user_id)
            .values(last_seen_at=now)
        )


def _memberships(user_id: str) -> tuple[Membership, ...]:
    # Tables, not classes: `tenant_filter` hides rows of classes until the organization is set.
    member, organization = Member.__table__.c, Organization.__table__.c
    rows = db.session.execute(
        select(
            organization.id, organization.slug, organization.name, member.role, member.last_seen_at
        )
        .join_from(Member.__table__, Organization.__table__)
        .where(member.user_id == user_id)
        .order_by(member.created_at, member.id)
    )
    return tuple(
        Membership(row.id, row.slug, row.name, Role(row.role), row.last_seen_at) for row in rows
    )
