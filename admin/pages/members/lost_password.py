"""The page for who has lost their password."""

from __future__ import annotations

import threading

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import EmailField
from wtforms.validators import DataRequired

from admin.access import member_mail, sign_in_limit
from admin.access.known_browsers import known_browser
from walkthroughs.addresses import ADMIN
from walkthroughs.identity.mail import MailNotSent
from walkthroughs.models import User, db
from walkthroughs.runtime import runtime
from walkthroughs.settings import Settings

lost_password_pages = Blueprint("lost_password", __name__, url_prefix=f"{ADMIN}/lost-password")


class LostForm(FlaskForm):
    """The address to send a link to."""

    email = EmailField(
        "E-mail",
        validators=[DataRequired("Type your e-mail address.")],
        render_kw={"autocomplete": "username"},
    )


@lost_password_pages.route("/", methods=("GET", "POST"))
def ask() -> ResponseReturnValue:
    """Send a link to the address, if somebody signs in with it; the answer is the same.

    Where no e-mail is sent, say who can make a link.
    """
    settings = runtime().settings
    if settings.smtp_url is None:
        return render_template("handrail/lost_password.html")
    form, problem, status = LostForm(), None, 200
    if form.validate_on_submit():
        email, address = form.email.data.strip().lower(), request.remote_addr or ""
        browser, limit = known_browser(email), sign_in_limit.LOST_PASSWORD
        refused = sign_in_limit.seconds_left(email, address, limit, browser=browser)
        if refused is None:
            sign_in_limit.count_failure(email, address, limit, browser=browser)
            _send(settings, email)
            return render_template("handrail/lost_password.html", sent_to=email)
        problem, status = sign_in_limit.advice(refused), 429
    return render_template("handrail/lost_password.html", form=form, problem=problem), status


def _send(settings: Settings, email: str) -> None:
    """Send the link aside: how long it takes would tell whether there is an account."""
    user = db.session.scalar(select(User).where(User.email == email, User.active))
    if user is not None:
        db.session.expunge(user)
        threading.Thread(
            target=_send_now, args=(settings, user), name="lost-password", daemon=True
        ).start()


def _send_now(settings: Settings, user: User) -> None:
    try:
        member_mail.send_password_link(settings, user)
    except MailNotSent:
        return  # the log says why; the person sees that nothing comes, and asks again
