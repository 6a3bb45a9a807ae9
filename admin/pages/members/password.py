"""Choose a password, with a link or while signed in."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_wtf import FlaskForm
from wtforms import PasswordField
from wtforms.validators import DataRequired, EqualTo, Length

from admin.access import passwords, sessions, sign_in_limit
from admin.access.accounts import Account
from admin.access.known_browsers import known_browser, remember
from admin.access.passwords import MAX_LETTERS, MIN_LETTERS
from walkthroughs.addresses import ADMIN
from walkthroughs.runtime import runtime

password_pages = Blueprint("password", __name__, url_prefix=f"{ADMIN}/password")


class ChooseForm(FlaskForm):
    """A new password, twice."""

    password = PasswordField(
        "New password",
        validators=[
            DataRequired("Choose a password."),
            Length(MIN_LETTERS, MAX_LETTERS, f"Use {MIN_LETTERS} to {MAX_LETTERS} characters."),
        ],
        description=f"At least {MIN_LETTERS} characters. All other sessions of yours end.",
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        "New password, again",
        validators=[EqualTo("password", "The two are not the same.")],
        render_kw={"autocomplete": "new-password"},
    )


class ChangeForm(ChooseForm):
    """The same, for somebody who has a password."""

    current = PasswordField(
        "Current password",
        validators=[DataRequired("Type your current password.")],
        render_kw={"autocomplete": "current-password"},
    )


@password_pages.after_request
def keep_link(response: Response) -> Response:
    """Let the browser tell nobody the address: it may hold the secret of a link."""
    response.headers["Referrer-Policy"] = "strict-origin"  # with none, https forms are refused
    return response


@password_pages.route("/<token>", methods=("GET", "POST"))
def choose(token: str) -> ResponseReturnValue:
    """Let the owner of a link choose a password."""
    account = passwords.account_of(runtime().settings, token)
    if account is None:
        return _page(None, "It has been used, or is older than a day. Ask for a new link."), 404
    form = ChooseForm()
    if form.validate_on_submit():
        return _changed(account, form.password.data)
    return _page(form, f"For {account.email}.")


@password_pages.route("/", methods=("GET", "POST"))
def change() -> ResponseReturnValue:
    """Let a signed-in person change their password."""
    if not current_user.is_authenticated:
        return redirect(url_for("security.login", next=request.path))
    form = ChangeForm()
    if form.validate_on_submit():
        account, address = current_user._get_current_object(), request.remote_addr or ""
        browser = known_browser(account.email)
        if sign_in_limit.is_refused(account.email, address, browser):
            abort(429)
        if account.verify_and_update_password(form.current.data):
            return _changed(account, form.password.data)
        sign_in_limit.count_failure(account.email, address, browser=browser)
        form.current.errors = ["This is not your current password."]
    return _page(form, f"For {current_user.email}.")


def _changed(account: Account, password: str) -> ResponseReturnValue:
    sessions.change_password(account, password)
    remember(account)
    flash("The password is changed.", "success")
    return redirect(url_for("last_used"))


def _page(form: ChooseForm | None, intro: str) -> str:
    return render_template("handrail/password.html", form=form, intro=intro)
