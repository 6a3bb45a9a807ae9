"""Signing in, and which organization a signed-in person sees."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_security import RoleMixin, Security, SQLAlchemyUserDatastore, current_user
from flask_wtf import CSRFProtect
from sqlalchemy import select

from walkthroughs.models import Member, Role, User, db
from walkthroughs.runtime import runtime
from walkthroughs.settings import Settings

#: Wrong or right, per address; a person mistypes a few times, a guesser needs many.
_SIGN_INS = "5 per minute"


class _NoRole(RoleMixin):
    """Flask-Security wants a role model; roles are held per organization, in `member`."""


def init_sign_in(app: Flask, settings: Settings) -> None:
    """Add sign-in at /admin/login, forgery protection for every form, and security headers."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECURITY_PASSWORD_SALT=_derived(settings, "password-salt"),
        SECURITY_URL_PREFIX="/admin",
        SECURITY_POST_LOGIN_VIEW="/admin/",
        SECURITY_POST_LOGOUT_VIEW="/admin/login",
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
    # First, since a refusal by the others still gets its headers.
    app.before_request(_enter)
    app.after_request(_protect)
    CSRFProtect(app)
    Security(app, SQLAlchemyUserDatastore(db, User, _NoRole), register_blueprint=True)
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    login = app.view_functions["security.login"]
    app.view_functions["security.login"] = limiter.limit(_SIGN_INS, methods=["POST"])(login)


def _derived(settings: Settings, label: str) -> str:
    return hmac.new(settings.secret_key.encode(), label.encode(), hashlib.sha256).hexdigest()


def _enter() -> None:
    """Look the membership up anew on every request, so that a removed member is out at once."""
    g.nonce = secrets.token_urlsafe(16)
    g.organization_id, g.role = None, None
    if not request.path.startswith("/admin") or not current_user.is_authenticated:
        return
    query = (
        select(Member.organization_id, Member.role)
        .where(Member.user_id == current_user.id)
        .order_by(Member.created_at)
    )
    with runtime().database.transaction() as session:
        member = session.execute(query.limit(1)).one_or_none()
    if member is not None:
        g.organization_id, g.role = member.organization_id, Role(member.role)


def _protect(response: Response) -> Response:
    """Let a page load and run only what comes from here."""
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'none'; script-src 'self' 'nonce-{g.nonce}'; "
        # The stock theme's scripts set styles on elements.
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
