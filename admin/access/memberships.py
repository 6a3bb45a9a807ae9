"""Read the user's memberships for each request, so that a removed member has no access."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, abort, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select

from walkthroughs.enums import Role
from walkthroughs.models import Member, Organization, db

_CHOSEN = "organization_id"


@dataclass(frozen=True, slots=True)
class Membership:
    """An organization of the signed-in user, and their role in it."""

    organization_id: str
    organization: str
    role: Role


def install(app: Flask) -> None:
    """Set `g.organization_id`, `g.role` and `g.memberships` for every request of the dashboard."""
    app.before_request(_enter)
    app.add_url_rule("/admin/organization", view_func=choose_organization, methods=["POST"])


def choose_organization() -> ResponseReturnValue:
    """Switch the session to another organization of the user."""
    chosen = request.form.get("id", "")
    if chosen not in {membership.organization_id for membership in g.memberships}:
        abort(404)
    session[_CHOSEN] = chosen
    return redirect(url_for("admin.index"))


def _enter() -> None:
    g.organization_id, g.role, g.memberships = None, None, ()
    page = request.endpoint or ""
    if not request.path.startswith("/admin/") or page.endswith(".static"):
        return
    if not current_user.is_authenticated:
        return
    g.memberships = _memberships(current_user.id)
    if g.memberships:
        chosen = session.get(_CHOSEN)
        current = next((m for m in g.memberships if m.organization_id == chosen), g.memberships[0])
        g.organization_id, g.role = current.organization_id, current.role


def _memberships(user_id: str) -> tuple[Membership, ...]:
    # Tables, not classes: `tenant_filter` hides rows of classes until the organization is set.
    member, organization = Member.__table__.c, Organization.__table__.c
    rows = db.session.execute(
        select(organization.id, organization.name, member.role)
        .join_from(Member.__table__, Organization.__table__)
        .where(member.user_id == user_id)
        .order_by(member.created_at, member.id)
    )
    return tuple(Membership(row.id, row.name, Role(row.role)) for row in rows)
