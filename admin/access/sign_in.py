"""Signing in, with forgery protection and a limit on guesses."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_security import RoleMixin, Security, SQLAlchemyUserDatastore
from flask_wtf import CSRFProtect

from admin.access.accounts import Account
from walkthroughs.crypto import derive_key
from walkthroughs.models import db
from walkthroughs.settings import Settings

#: Wrong or right, per address; a person mistypes a few times, a guesser needs many.
_SIGN_INS = "5 per minute"


class _NoRole(RoleMixin):
    """Flask-Security wants a role model; roles are held per organization, in `member`."""


def init_sign_in(app: Flask, settings: Settings) -> None:
    """Add sign-in at /admin/login, forgery protection for every form."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECURITY_PASSWORD_SALT=derive_key(settings.secret_key, "password-salt"),
        SECURITY_URL_PREFIX="/admin",
        SECURITY_POST_LOGIN_VIEW="/admin/",
        SECURITY_POST_LOGOUT_VIEW="/admin/login",
        SECURITY_LOGIN_USER_TEMPLATE="handrail/sign_in.html",
        SECURITY_REGISTERABLE=False,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_PASSWORD_LENGTH_MIN=12,
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        WTF_CSRF_TIME_LIMIT=None,  # a long edit must still be accepted
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https:"),
        PERMANENT_SESSION_LIFETIME=12 * 3600,
    )
    CSRFProtect(app)
    Security(app, SQLAlchemyUserDatastore(db, Account, _NoRole), register_blueprint=True)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    login = app.view_functions["security.login"]
    app.view_functions["security.login"] = limiter.limit(_SIGN_INS, methods=["POST"])(login)
