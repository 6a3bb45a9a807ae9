"""What the pages of a sign-in answer with, and who is signed in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import Response, make_response, redirect, render_template, request, session
from sqlalchemy.orm import Session

from walkthroughs.identity import email_codes, learner_sessions
from walkthroughs.identity.authorization_server import Context, LearnerAuthorization
from walkthroughs.identity.clients import Client
from walkthroughs.identity.learner_sessions import SESSION_SECONDS, SignedIn
from walkthroughs.identity.sign_in_server import SignInServer
from walkthroughs.identity.transactions import transaction
from walkthroughs.runtime import runtime

POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
NO_FRAMES = "frame-ancestors 'none'"
_BROWSER = "learner_browser"


@dataclass(frozen=True, slots=True)
class Page:
    """What a sign-in is about."""

    server: SignInServer
    client: Client

    def authorization(self, database: Session) -> LearnerAuthorization:
        """Return what judges the request and answers the app."""
        known = self.client
        context = Context(
            database, self.server, lambda id: known if id == known.client_id else None
        )
        return LearnerAuthorization(context)


def this_page() -> str:
    """Return the address of this page, which holds all that the app asks for."""
    return f"{request.path}?{request.query_string.decode()}"


def show_again() -> Response:
    """Send the browser to this page again, to be shown what comes next."""
    answer = make_response(redirect(this_page(), 303))
    assert isinstance(answer, Response)  # noqa: S101  narrows the type
    return answer


def render_page(name: str, page: Page, *, policy: str | None = None, **facts: object) -> Response:
    """Return the page with this name; no other site may show it in a frame."""
    facts = {"server": page.server, "client": page.client, "codes": email_codes, **facts}
    answer = make_response(render_template(f"sign_in/{name}.html", **facts))
    answer.headers["Content-Security-Policy"] = policy or f"{POLICY}form-action 'self'; {NO_FRAMES}"
    return answer


def problem_page(
    words: str, status: int = 400, retry_seconds: int | None = None, *, again: str | None = None
) -> Response:
    """Return the page that says why the sign-in cannot go on; *again* is where to try again."""
    page = render_template("sign_in/problem.html", words=words, again=again)
    answer = make_response(page, status)
    if retry_seconds is not None:
        answer.headers["Retry-After"] = str(retry_seconds)
    return answer


def signed_in_learner(server: SignInServer) -> SignedIn | None:
    """Return who is signed in in this browser; none if nobody is."""
    token = request.cookies.get(session_cookie(server), "")
    if not token:
        return None
    with transaction() as rows:
        return learner_sessions.signed_in(rows, server.organization_id, token, server.provider_id)


def keep_session(answer: Response, server: SignInServer, token: str) -> None:
    """Let the browser keep the secret of a session."""
    answer.set_cookie(
        session_cookie(server),
        token,
        max_age=SESSION_SECONDS,
        path="/",
        secure=is_https(),
        httponly=True,
        samesite="Lax",
    )


def session_cookie(server: SignInServer) -> str:
    """Return the cookie's name. Browsers accept the prefix from this host only, and over https."""
    prefix = "__Host-" if is_https() else ""
    return f"{prefix}learner_{server.provider_id or server.organization_id}"


def browser_secret() -> str:
    """Return the secret that tells this browser from others; make one for a new browser."""
    secret: str = session.setdefault(_BROWSER, secrets.token_urlsafe(32))
    return secret


def is_https() -> bool:
    """Return whether the public origin is https."""
    return runtime().settings.base_url.startswith("https:")
