"""A person's own page: password, sessions, and how the dashboard looks to them."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import update

from admin.access import sessions
from admin.access.browsers import browser_name
from walkthroughs.addresses import ADMIN
from walkthroughs.enums import Theme
from walkthroughs.ids import utc_text
from walkthroughs.models import User, db

account_pages = Blueprint("account", __name__, url_prefix=f"{ADMIN}/account")


@account_pages.before_request
def require_sign_in() -> ResponseReturnValue | None:
    """Send a visitor to sign in."""
    if current_user.is_authenticated:
        return None
    return redirect(url_for("security.login", next=url_for("account.show")))


@account_pages.get("/")
def show() -> ResponseReturnValue:
    """Show the page."""
    return render_template(
        "handrail/account.html",
        sessions=sessions.list_sessions(current_user.id),
        is_this=sessions.is_this,
        browser_name=browser_name,
        themes=list(Theme),
        utc=utc_text,
    )


@account_pages.post("/looks/")
def change_looks() -> ResponseReturnValue:
    """Store the theme and the kind of editor."""
    theme = request.form.get("theme", "")
    if theme not in set(Theme):
        abort(400)
    plain = bool(request.form.get("plain_editor"))
    own = update(User).where(User.id == current_user.id)
    db.session.execute(own.values(theme=theme, plain_editor=plain))
    db.session.commit()
    flash("Saved.", "success")
    return redirect(url_for("account.show"))


@account_pages.post("/sessions/end/")
def end_sessions() -> ResponseReturnValue:
    """End one session of the person, or all but this one."""
    if session_id := request.form.get("id"):
        if not sessions.end_session(current_user.id, session_id):
            abort(404)
        flash("That session is ended.", "success")
    else:
        sessions.end_other_sessions(current_user.id)
        flash("All other sessions are ended.", "success")
    db.session.commit()
    return redirect(url_for("account.show"))
