"""Sign-in with CSRF protection and a limit on failed attempts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_security import (
    EmailValidateException,
    LoginForm,
    RoleMixin,
    Security,
    SQLAlchemyUserDatastore,
    current_user,
)
from flask_wtf import CSRFProtect

from admin.access import sessions, sign_in_limit
from admin.access.accounts import Account
from admin.access.known_browsers import known_browser
from admin.access.passwords import MIN_LETTERS
from walkthroughs.addresses import ADMIN
from walkthroughs.models import db
from walkthroughs.settings import Settings

#: Pages of Flask-Security that the dashboard uses. All its other pages are closed.
_PAGES = frozenset({"security.login", "security.logout", "security.static"})


#: The same for an unknown person and for a wrong password.
_FAILED = "The sign-in failed: the e-mail address or the password is wrong."


class _NoRole(RoleMixin):
    """Satisfies Flask-Security, which needs a role model. Roles are stored in `member`."""


class _SignInForm(LoginForm):
    """E-mail and password. There is no "remember me": what signs in ends with the session."""

    remember = None


def init_sign_in(app: Flask, settings: Settings) -> None:
    """Add sign-in at `/admin/login`, and CSRF protection for every form."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        SECURITY_PASSWORD_SINGLE_HASH=True,  # no key in it: a new key locks nobody out
        SECURITY_URL_PREFIX=ADMIN,
        SECURITY_POST_LOGIN_VIEW=f"{ADMIN}/",
        SECURITY_POST_LOGOUT_VIEW=f"{ADMIN}/login",
        SECURITY_LOGIN_USER_TEMPLATE="handrail/sign_in.html",
        SECURITY_REGISTERABLE=False,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_MSG_GENERIC_AUTHN_FAILED=(_FAILED, "error"),
        SECURITY_PASSWORD_LENGTH_MIN=MIN_LETTERS,
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        WTF_CSRF_TIME_LIMIT=None,  # a long edit must still be accepted
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=sessions.LIFETIME_SECONDS,
    )
    CSRFProtect(app)
    security = Security(
        app,
        SQLAlchemyUserDatastore(db, Account, _NoRole),
        register_blueprint=True,
        login_form=_SignInForm,
    )
    security.want_json(lambda _request: False)  # its answers would hold tokens
    sessions.install(app)
    views = app.view_functions
    views["security.login"] = _limited(views["security.login"])
    for name in views:
        if name.startswith("security.") and name not in _PAGES:
            views[name] = _closed


def _limited(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return *view* with a limit on failed sign-ins. Successful ones are not counted."""

    def limited() -> Any:  # noqa: ANN401  a page of Flask-Security
        # Whoever is signed in is sent on: nothing that they typed was checked.
        if request.method != "POST" or current_user.is_authenticated:
            return view()
        email, address = _account_of(request.form.get("email", "")), request.remote_addr or ""
        browser = known_browser(email)
        refused = sign_in_limit.seconds_left(email, address, browser=browser)
        if refused is not None:
            return _refused(refused)
        answer = view()
        if current_user.is_authenticated:
            sign_in_limit.forget_failures(email, browser)
        else:
            sign_in_limit.count_failure(email, address, browser=browser)
        return answer

    return limited


def _account_of(typed: str) -> str:
    """Return the address of the account that the view finds by what was typed, however it is spelt.

    Without an account, or where it is no address, return what was typed: that opens nothing.
    """
    security = current_app.extensions["security"]
    try:
        address = security.mail_util.normalize(typed)
    except EmailValidateException:
        return typed
    account: Account | None = security.datastore.find_user(case_insensitive=True, email=address)
    return account.email if account is not None else typed


def _refused(seconds: int) -> ResponseReturnValue:
    """Show the form again, with the address that was typed and when to try again."""
    form = current_app.extensions["security"].forms["login_form"].cls()
    form.form_errors.append(sign_in_limit.advice(seconds))
    page = render_template("handrail/sign_in.html", login_user_form=form)
    return page, 429, {"Retry-After": str(seconds)}


def _closed(**_: Any) -> ResponseReturnValue:  # noqa: ANN401  whatever the address holds
    abort(404)
