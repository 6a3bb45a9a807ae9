"""Where a learner signs in and lets an app act for them: plain pages that need no scripts.

What the app asks for stays in the address of the page, and is checked each time. So nothing is lost
between two steps, whatever restarts, and several sign-ins can go on beside each other.
"""

from __future__ import annotations

from collections.abc import Callable

from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, make_response, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest, NotFound

from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.identity import learner_sessions
from walkthroughs.identity.clients import ClientRefused
from walkthroughs.identity.code_pages import check_code, send_code
from walkthroughs.identity.document_reader import DocumentUnreadable
from walkthroughs.identity.oauth_requests import (
    described_client,
    refuse_unreadable,
    requested_server,
)
from walkthroughs.identity.outside_waits import RETRY_SECONDS, HostsAwaited
from walkthroughs.identity.page_answers import (
    NO_FRAMES,
    POLICY,
    Page,
    is_https,
    problem_page,
    render_page,
    session_cookie,
    show_again,
    signed_in_learner,
    this_page,
)
from walkthroughs.identity.provider_pages import (
    ask_again,
    come_back,
    go_to_provider,
    show_provider,
)
from walkthroughs.identity.redirects import is_on_this_computer, redirect_host
from walkthroughs.identity.request_limits import LimitReached
from walkthroughs.identity.transactions import transaction

sign_in_pages = Blueprint("sign_in", __name__, template_folder="templates")
_FORGOTTEN = (
    "This server does not know the app any more, because its secret key has changed. "
    "In the app, remove this server and add it again; your progress is kept."
)


@sign_in_pages.route("/oauth/authorize", methods=("GET", "POST"))
@sign_in_pages.route("/s/<slug>/oauth/authorize", methods=("GET", "POST"))
def authorize(slug: str | None = None) -> ResponseReturnValue:
    """Let a learner sign in, and let them allow what an app asks for."""
    server = requested_server(slug)
    refuse_unreadable()
    if not all(value.isascii() and not set(value) & set('"\\') for value in _plain_parameters()):
        return problem_page("The app has sent an address that cannot be read.")
    client = described_client(server, request.args.get("client_id", ""))
    if client is None:
        return problem_page(_FORGOTTEN)
    page = Page(server, client)
    if (refused := _check(page)) is not None:
        return refused
    if request.method == "POST":
        steps = _STEPS | (_PROVIDER_STEPS if server.provider_id else _CODE_STEPS)
        return steps.get(request.form.get("step", ""), _show)(page)
    return _show(page)


def _plain_parameters() -> list[str]:
    """Return all parameters but `state`, which is an app's own text."""
    return [value for name, value in request.args.items(multi=True) if name != "state"]


def _check(page: Page) -> Response | None:
    """Return the answer to a request that cannot be met; none if it can be."""
    with transaction() as database:
        authorization = page.authorization(database)
        try:
            authorization.get_consent_grant(request)
        except OAuth2Error as error:
            if error.redirect_uri:
                return authorization.error_response(error)
            if error.error == "invalid_client":
                return problem_page(_FORGOTTEN)
            return problem_page(f"The app has asked for something else: {error.error}.")
    return None


def _show(page: Page) -> Response:
    """Show what comes next: the consent of who is signed in, else the sign-in."""
    learner = signed_in_learner(page.server)
    if learner is None:
        return show_provider(page) if page.server.provider_id else render_page("email", page)
    uri = request.args.get("redirect_uri") or page.client.get_default_redirect_uri() or ""
    return render_page(
        "consent",
        page,
        learner=learner,
        is_app=is_on_this_computer(uri),
        host=redirect_host(uri),
        # The answer is a redirect to the app, and browsers apply a form's policy to that as well.
        policy=POLICY + NO_FRAMES,
    )


def _decide(page: Page, *, allowed: bool) -> Response:
    learner = signed_in_learner(page.server)
    if learner is None and allowed:
        return _show(page)
    with transaction() as database:
        authorization = page.authorization(database)
        grant = authorization.get_consent_grant(request)
        user = learner.learner_id if learner and allowed else None
        answer: Response = authorization.create_authorization_response(
            grant.request, grant_user=user, grant=grant
        )
    answer.status_code = 303
    return answer


def _sign_out(page: Page) -> Response:
    with transaction() as rows:
        learner_sessions.end(rows, request.cookies.get(session_cookie(page.server), ""))
    if page.server.provider_id:
        ask_again()
    answer = show_again()
    answer.delete_cookie(session_cookie(page.server), path="/", secure=is_https(), httponly=True)
    return answer


_CODE_STEPS: dict[str, Callable[[Page], Response]] = {"email": send_code, "code": check_code}
_PROVIDER_STEPS: dict[str, Callable[[Page], Response]] = {"provider": go_to_provider}
_STEPS: dict[str, Callable[[Page], Response]] = {
    "allow": lambda page: _decide(page, allowed=True),
    "cancel": lambda page: _decide(page, allowed=False),
    "sign-out": _sign_out,
}


for _path in ("/oauth/callback", "/s/<slug>/oauth/callback"):
    sign_in_pages.add_url_rule(_path, "come_back", come_back)


@sign_in_pages.after_request
def _keep_nowhere(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@sign_in_pages.errorhandler(DatabaseUnavailable)
def _unavailable(error: DatabaseUnavailable) -> Response:
    return problem_page(str(error), 503, 2, again=this_page())


@sign_in_pages.errorhandler(HostsAwaited)
def _hosts_awaited(error: HostsAwaited) -> Response:
    return problem_page(str(error), 503, RETRY_SECONDS, again=this_page())


@sign_in_pages.errorhandler(LimitReached)
def _limited(limit: LimitReached) -> Response:
    return problem_page(str(limit), 429, limit.retry_seconds, again=this_page())


@sign_in_pages.errorhandler(DocumentUnreadable)
@sign_in_pages.errorhandler(ClientRefused)
def _no_document(error: DocumentUnreadable | ClientRefused) -> Response:
    words = f"The app cannot be checked. {error} Try again later, or use another app."
    return problem_page(words, again=this_page())


@sign_in_pages.errorhandler(BadRequest)
def _unreadable(_: BadRequest) -> Response:
    return problem_page("The request cannot be read. Start again in the app.")


@sign_in_pages.errorhandler(CSRFError)
def _stale(_: CSRFError) -> Response:
    """Show the page again: another tab, or a new secret key, has made its form too old."""
    try:
        requested_server((request.view_args or {}).get("slug"))
    except NotFound as error:
        return make_response(error.get_response())
    return show_again()
