"""The way of a learner to their organization's provider, and back to the page that they left."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

from flask import Response, make_response, redirect, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from walkthroughs.crypto import SecretUnreadable
from walkthroughs.hosts import caller_of
from walkthroughs.identity import learner_sessions, provider_sign_ins, request_limits
from walkthroughs.identity.identities import known_learner, learner_of_new_identity
from walkthroughs.identity.learners import learner_ids
from walkthroughs.identity.oauth_requests import refuse_unreadable, requested_server
from walkthroughs.identity.openid_client import (
    Identity,
    identify,
    new_secrets,
    sign_in_address,
)
from walkthroughs.identity.outside_waits import HostsAwaited, Kind, waiting
from walkthroughs.identity.page_answers import (
    NO_FRAMES,
    POLICY,
    Page,
    browser_secret,
    keep_session,
    problem_page,
    render_page,
)
from walkthroughs.identity.provider_metadata import ProviderFailed, discover, outside_http
from walkthroughs.identity.provider_sign_ins import Underway
from walkthroughs.identity.providers import client_of
from walkthroughs.identity.request_limits import Limit
from walkthroughs.identity.sign_in_server import SignInServer
from walkthroughs.identity.transactions import transaction
from walkthroughs.models.oidc import OidcProvider
from walkthroughs.runtime import runtime

#: The provider is asked, and a row is written, at the wish of strangers.
_BEGUN = Limit("providers", 500, 900, is_of_caller=True)
_BEGUN_AT_ALL = Limit("providers-of-all", 5_000, 3600)
_ASKS_AGAIN = "learner_asks_again"
_CODE_OF_ERROR = re.compile(r"[a-z_]{1,40}")
_ENDED = (
    "This sign-in has ended, or its answer was used already. Start again in the app; your progress "
    "is kept."
)
_OTHER_BROWSER = (
    "This sign-in was begun in another browser. Go on there, or start again in the app."
)
_log = logging.getLogger(__name__)


def ask_again() -> None:
    """Let the provider ask who the person is, the next time this browser goes there."""
    session[_ASKS_AGAIN] = True


def show_provider(page: Page, fault: str | None = None) -> Response:
    """Show the page with the button that leads to the provider."""
    # The answer to the button is a redirect, and browsers apply a form's policy to that as well.
    return render_page("provider", page, fault=fault, policy=POLICY + NO_FRAMES)


def go_to_provider(page: Page) -> Response:
    """Send the browser to the provider; or say why not now, with the button to try again."""
    parts, server = runtime(), page.server
    organization_id = server.organization_id
    request_limits.take(parts.database, organization_id, _BEGUN, caller_of(request.remote_addr))
    request_limits.take(parts.database, organization_id, _BEGUN_AT_ALL, "all")
    with transaction() as rows:
        provider = _provider(rows, server)
    try:
        client = client_of(parts.settings, provider, server.callback)
        with waiting(parts.database, Kind.PROVIDER):
            metadata = discover(outside_http(parts.settings), parts.settings, provider.issuer)
    except (ProviderFailed, SecretUnreadable) as error:
        return show_provider(page, _told(provider, error))
    except HostsAwaited as error:
        return show_provider(page, str(error))
    made = new_secrets()
    with transaction() as rows:
        here = f"{server.addresses.endpoints}/authorize?{request.query_string.decode()}"
        browser = browser_secret()
        provider_sign_ins.begin(rows, server, provider.id, metadata, made, browser, here)
    asks_again = bool(session.pop(_ASKS_AGAIN, False))
    return _redirect(sign_in_address(metadata, client, made, asks_again=asks_again))


def come_back(slug: str | None = None) -> ResponseReturnValue:
    """Take the answer of a provider; go on with the page that led there."""
    server = requested_server(slug)
    refuse_unreadable()
    state = request.args.get("state", "")
    with transaction() as rows:
        page = provider_sign_ins.page_of(rows, server, state)
    if page is None:
        return problem_page(_ENDED)
    if not page.startswith(f"{server.addresses.endpoints}/authorize?"):
        # The provider knows one address of each server. The cookies are those of another host.
        endpoints = page.partition("/authorize?")[0]
        return _redirect(f"{endpoints}/callback?{request.query_string.decode()}")
    # Before its answer is used up: who has to come back sends the same one again.
    with waiting(runtime().database, Kind.PROVIDER):
        with transaction() as rows:
            underway = provider_sign_ins.take(rows, server, state, browser_secret())
        if underway is None:
            return problem_page(_OTHER_BROWSER)
        if underway.provider_id != server.provider_id:
            return problem_page(_ENDED)
        return _finish(server, underway)


def _finish(server: SignInServer, underway: Underway) -> Response:
    """Begin a session for who comes back with a right answer; tell others what is wrong."""
    with transaction() as rows:
        provider = _provider(rows, server)
    try:
        code = _code(underway)
        if code is None:
            return problem_page(f"You did not sign in at {provider.name}.", again=underway.page)
        settings = runtime().settings
        identity = identify(
            outside_http(settings),
            underway.metadata,
            client_of(settings, provider, server.callback),
            code,
            nonce=underway.nonce,
            verifier=underway.verifier,
        )
        token = _begin_session(server, identity)
    except (ProviderFailed, SecretUnreadable) as error:
        is_away = isinstance(error, ProviderFailed) and error.is_away
        status = 503 if is_away else 400
        return problem_page(_told(provider, error), status, again=underway.page)
    answer = _redirect(underway.page)
    keep_session(answer, server, token)
    return answer


def _begin_session(server: SignInServer, identity: Identity) -> str:
    """Begin a session of the learner who has this identity; return its secret.

    Raises:
        ProviderFailed: the e-mail address is needed, and the provider does not tell it.
    """
    asked = (server.organization_id, identity.issuer, identity.subject)
    with transaction() as rows:
        learner_id = known_learner(rows, *asked)
    # A provider may be slow, so no transaction waits for it.
    email = identity.find_email() if learner_id is None else None
    with transaction() as rows:
        if learner_id is None:
            known = learner_ids(rows, server.organization_id, [email])[email] if email else None
            learner_id = learner_of_new_identity(rows, *asked, known)
        return learner_sessions.begin(rows, server.organization_id, learner_id, server.provider_id)


def _code(underway: Underway) -> str | None:
    """Return the code of the answer; none if the person has not signed in.

    Raises:
        ProviderFailed: the answer is that of another provider, or says that something is wrong.
    """
    issuer, named = underway.metadata.issuer, request.args.get("iss")
    if named != issuer and (named is not None or underway.metadata.names_itself):
        raise ProviderFailed("The answer came from another provider.")
    error, code = request.args.get("error"), request.args.get("code")
    if error == "access_denied":
        return None
    if error is not None:
        told = error if _CODE_OF_ERROR.fullmatch(error) else "an error"
        raise ProviderFailed(f"It answered: {told}.", is_away=error == "temporarily_unavailable")
    if not code:
        raise ProviderFailed("Its answer holds no code.")
    return code


def _provider(rows: Session, server: SignInServer) -> OidcProvider:
    provider = rows.get_one(OidcProvider, server.provider_id)
    rows.expunge(provider)
    return provider


def _told(provider: OidcProvider, error: ProviderFailed | SecretUnreadable) -> str:
    """Return what a learner reads; operators read in the log why."""
    _log.warning("The sign-in at %s failed: %s", urlsplit(provider.issuer).hostname, error)
    if isinstance(error, SecretUnreadable):
        return "This server cannot read its secret. Tell the people who run it."
    if error.is_away:
        return f"{provider.name} does not answer now. Try again in a few minutes."
    return f"{provider.name} could not sign you in. {error}"


def _redirect(address: str) -> Response:
    answer = make_response(redirect(address, 303))
    assert isinstance(answer, Response)  # noqa: S101  narrows the type
    return answer
