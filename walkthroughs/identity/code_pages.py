"""The way of a learner who signs in with a code by e-mail."""

from __future__ import annotations

from flask import Response, render_template, request

from walkthroughs.hosts import caller_of
from walkthroughs.identity import email_codes, learner_sessions, request_limits
from walkthroughs.identity.email_codes import CodeRefused
from walkthroughs.identity.learners import learner_ids
from walkthroughs.identity.mail import MailNotSent, send_mail
from walkthroughs.identity.outside_waits import HostsAwaited, Kind, waiting
from walkthroughs.identity.page_answers import (
    Page,
    browser_secret,
    keep_session,
    problem_page,
    render_page,
    show_again,
)
from walkthroughs.identity.request_limits import Limit, LimitReached
from walkthroughs.identity.transactions import transaction
from walkthroughs.runtime import runtime

_MAILS = Limit("mails", 5, 900)
#: A conference shares an address. One caller does not use up what the organization has.
_MAILS_OF_CALLER = Limit("mails-of-caller", 500, 900, is_of_caller=True)
_MAILS_OF_ALL = Limit("mails-of-all", 2_000, 3600)
#: Right codes are not counted, and the first try of each code counts whatever others have typed.
_WRONG_CODES = Limit("wrong-codes", 50, 900, is_of_caller=True)


def send_code(page: Page) -> Response:
    """Send a code to the address that was typed, and ask for it."""
    settings, database = runtime().settings, runtime().database
    typed = request.form.get("email", "")
    email = email_codes.read_address(typed)
    if email is None:
        fault = "This is no e-mail address that a code can be sent to, such as lea@example.com."
        return render_page("email", page, fault=fault, email=typed[:254])
    if settings.smtp_url is None:
        return problem_page("This server cannot send e-mail yet. Tell the people who run it.", 503)
    limits = (
        (_MAILS, email),
        (_MAILS_OF_CALLER, caller_of(request.remote_addr)),
        (_MAILS_OF_ALL, "all"),
    )
    # Who is refused holds no place, and who gets none is not counted.
    for limit, whom in limits:
        request_limits.refuse_if_reached(database, page.server.organization_id, limit, whom)
    try:
        with waiting(database, Kind.MAIL):
            for limit, whom in limits:
                request_limits.take(database, page.server.organization_id, limit, whom)
            code_id = _mail_code(page, email)
    except (MailNotSent, HostsAwaited) as error:
        return render_page("email", page, fault=str(error), email=email)
    return render_page("code", page, code_id=code_id, email=email)


def _mail_code(page: Page, email: str) -> str:
    """Send a code; return its id."""
    settings = runtime().settings
    with transaction() as rows:
        code_id, code = email_codes.make_code(rows, settings, page.server, email, browser_secret())
    words = render_template("sign_in/code.txt", server=page.server, code=code, client=page.client)
    send_mail(settings, email, f"Your code for {page.server.organization}", words)
    return code_id


def check_code(page: Page) -> Response:
    """Begin a session for who types the code that was sent; tell others what is wrong."""
    settings, database = runtime().settings, runtime().database
    organization_id, caller = page.server.organization_id, caller_of(request.remote_addr)
    tries = email_codes.TRIES
    try:
        request_limits.refuse_if_reached(database, organization_id, _WRONG_CODES, caller)
    except LimitReached:
        tries = 1
    code_id, typed = request.form.get("sign_in", ""), request.form.get("code", "")
    token, fault, email = "", None, None
    with transaction() as rows:
        try:
            email = email_codes.check_code(
                rows, settings, page.server, code_id, browser_secret(), typed, tries
            )
        except CodeRefused as refused:
            fault = refused
            email = email_codes.email_of_code(rows, page.server, code_id, browser_secret())
        else:
            learner_id = learner_ids(rows, organization_id, [email])[email]
            token = learner_sessions.begin(rows, organization_id, learner_id)
    if fault is not None:
        request_limits.take(database, organization_id, _WRONG_CODES, caller)
        if fault.ended:
            return render_page("email", page, fault=str(fault), email=email or "")
        return render_page("code", page, fault=str(fault), code_id=code_id, email=email)
    answer = show_again()
    keep_session(answer, page.server, token)
    return answer
