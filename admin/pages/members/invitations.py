"""The page behind an invitation's link: sign in, or choose a password, and join."""

from __future__ import annotations

import uuid

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user, hash_password, login_user
from flask_wtf import FlaskForm
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from wtforms import PasswordField
from wtforms.validators import DataRequired

from admin.access import invitations, sign_in_limit
from admin.access.accounts import Account
from admin.access.invitations import InvitationEnded, Offer
from admin.access.known_browsers import known_browser
from admin.access.passwords import MIN_LETTERS
from admin.pages.members.password import ChooseForm, keep_link
from admin.saving import write_transaction
from walkthroughs.addresses import ADMIN
from walkthroughs.audit.record import Actor, act_as
from walkthroughs.enums import AuditPlace
from walkthroughs.models import Member, User, db
from walkthroughs.runtime import runtime

invitation_pages = Blueprint("invitation", __name__, url_prefix=f"{ADMIN}/invitations")
invitation_pages.after_request(keep_link)


class JoinForm(FlaskForm):
    """Only a button, for who is signed in already."""


class NewAccountForm(ChooseForm):
    """The password of an account that is made."""

    def __init__(self) -> None:
        super().__init__()
        self.password.label.text = "Choose a password"
        self.password.description = f"At least {MIN_LETTERS} characters."
        self.again.label.text = "The same again"


class SignInForm(FlaskForm):
    """The password of an account that exists."""

    password = PasswordField(
        "Password",
        validators=[DataRequired("Type your password.")],
        render_kw={"autocomplete": "current-password"},
    )


@invitation_pages.route("/<token>", methods=("GET", "POST"))
def show(token: str) -> ResponseReturnValue:
    """Say what the link offers, and let the person that it is for join."""
    try:
        with runtime().database.transaction() as session:
            offer = invitations.find(session, token)
            account = session.scalar(select(User).where(User.email == offer.email))
            is_elsewhere = account is not None and _is_member(session, account.id)
        if current_user.is_authenticated:
            return _join_signed_in(offer)
        if account is None or (account.password is None and not is_elsewhere):
            return _join_new(offer)
        # Who holds the link must not open an account that others have let in elsewhere.
        return _page(offer, None, "waits") if account.password is None else _sign_in(offer)
    except InvitationEnded as error:
        return render_template("handrail/invitation.html", ended=str(error)), 404


def _join_signed_in(offer: Offer) -> ResponseReturnValue:
    if current_user.email != offer.email:
        return _page(offer, None, "other")
    form = JoinForm()
    if not form.validate_on_submit():
        return _page(offer, form, "join")
    user_id = current_user.id
    with write_transaction() as session:
        invitations.accept(session, offer, user_id)
    return _landed(offer)


def _sign_in(offer: Offer) -> ResponseReturnValue:
    form, address = SignInForm(), request.remote_addr or ""
    if not form.validate_on_submit():
        return _page(offer, form, "sign-in")
    browser = known_browser(offer.email)
    if sign_in_limit.is_refused(offer.email, address, browser):
        abort(429)
    account = db.session.scalars(select(Account).where(Account.email == offer.email)).one()
    if not (account.active and account.verify_and_update_password(form.password.data)):
        sign_in_limit.count_failure(offer.email, address, browser=browser)
        form.password.errors = ["This is not the password of that account."]
        return _page(offer, form, "sign-in")
    sign_in_limit.forget_failures(offer.email, browser)
    return _accept_and_enter(offer, account.id)


def _join_new(offer: Offer) -> ResponseReturnValue:
    form = NewAccountForm()
    if not form.validate_on_submit():
        return _page(offer, form, "new")
    hashed = hash_password(form.password.data)
    try:
        with write_transaction() as session:
            user = session.scalar(select(User).where(User.email == offer.email))
            if user is None:
                user = User(email=offer.email, fs_uniquifier=uuid.uuid4().hex)
                session.add(user)
            elif user.password is not None or _is_member(session, user.id):
                abort(409)
            user.password = hashed
            session.flush()
            _accept(session, offer, user.id)
            user_id = user.id
    except IntegrityError:  # made in the same moment, from a second click
        abort(409)
    return _enter(offer, user_id)


def _accept_and_enter(offer: Offer, user_id: str) -> ResponseReturnValue:
    with write_transaction() as session:
        _accept(session, offer, user_id)
    return _enter(offer, user_id)


def _accept(session: Session, offer: Offer, user_id: str) -> None:
    act_as(session, Actor(offer.email, AuditPlace.DASHBOARD))
    invitations.accept(session, offer, user_id)


def _enter(offer: Offer, user_id: str) -> ResponseReturnValue:
    login_user(db.session.get_one(Account, user_id), authn_via=["password"])
    db.session.commit()
    return _landed(offer)


def _landed(offer: Offer) -> ResponseReturnValue:
    return redirect(url_for("admin.index", organization_slug=offer.slug))


def _is_member(session: Session, user_id: str) -> bool:
    member = select(Member.id).where(Member.user_id == user_id).limit(1)
    return session.scalar(member) is not None


def _page(offer: Offer, form: FlaskForm | None, step: str) -> str:
    return render_template("handrail/invitation.html", offer=offer, form=form, step=step)
