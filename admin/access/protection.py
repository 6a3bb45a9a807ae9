"""Security headers and error pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.exceptions import HTTPException

from admin.access.roles import SAFE_METHODS
from sync.importing.upload import MAX_FILES, MAX_UPLOAD_BYTES
from walkthroughs.addresses import is_dashboard
from walkthroughs.database.unavailable import (
    DRIVER_ERRORS,
    DatabaseUnavailable,
    is_away,
    unavailable,
)
from walkthroughs.runtime import runtime

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_ERROR_PAGES = {
    400: (
        "This form could not be accepted",
        "It was open for too long, or it was not sent from here. Go back, reload the page, "
        "and send it again.",
    ),
    404: (
        "There is nothing here",
        "It may have been removed, or it is not yours to see. Start from the list.",
    ),
    405: ("This page works in another way", "Go back and use the button on the page."),
    409: (
        "This cannot be changed here",
        "It was changed in the meantime. Go back, reload the page, and try again.",
    ),
    413: (
        "That is too large",
        "Send less at once: a text may have 65,536 characters, a picture 1 MiB, and an import "
        "32 MiB in 5,000 files.",
    ),
    415: ("This page takes a form", "Go back, reload the page, and send its form."),
    429: (
        "Too many attempts",
        "Wait a quarter of an hour, then try again. "
        "If the password is lost, ask an owner of the organization.",
    ),
    503: (
        "The database does not answer",
        "What you sent may not be saved. Try again in a few seconds.",
    ),
}
#: What says nothing of who has sent the request.
_BEFORE_SIGN_IN = frozenset({415})
_INTERNAL_ERROR = (
    "Something went wrong on our side",
    "Nothing was saved. It has been written to the log. Try again in a moment.",
)
#: The deadlines of `DRIVER_ERRORS` are of calls: here, others may have raised a `TimeoutError`.
_DATABASE_AWAY = (
    DatabaseUnavailable, *(each for each in DRIVER_ERRORS if each is not TimeoutError)
)  # fmt: skip
#: Pages that members send files to: most bytes of a request, and most files in it.
_UPLOADS = {"import_walkthroughs.index": (MAX_UPLOAD_BYTES + 1024 * 1024, MAX_FILES + 10)}
#: Pages whose scripts send JSON. The libraries of forms would take it for any other form, too.
_TAKES_JSON = frozenset({"editor.draft"})
_RETRY_SECONDS = 2
#: Three texts of a step, each letter of which a browser may send as twelve bytes.
_MAX_FORM_BYTES = 3 * 1024 * 1024


def install(app: Flask) -> None:
    """Add security headers to every answer of *app*, and error pages to the dashboard.

    While the database is away, every address answers 503 that needs it.
    """
    app.config["MAX_CONTENT_LENGTH"] = _MAX_FORM_BYTES
    app.before_request(_note_kind_of_answer)
    app.before_request(_allow_upload)
    app.before_request(_refuse_unreadable)
    app.before_request(_refuse_json)
    app.after_request(_add_headers)
    app.register_error_handler(HTTPException, _error_page)
    for kind in _DATABASE_AWAY:
        app.register_error_handler(kind, _database_away)


def _note_kind_of_answer() -> None:
    """Note whether a script has sent the request: one that reads JSON, or one that draws again.

    The second may come at any time beside what the member does: it must not take messages that
    another page waits for, nor write the cookie.
    """
    g.asks_for_json = request.is_json or request.accept_mimetypes.best == "application/json"
    g.draws_again = "Handrail-Live" in request.headers


def _allow_upload() -> None:
    """Take more of a member where files are sent, before anything reads the request."""
    limits = _UPLOADS.get(request.endpoint or "")
    if limits is not None and current_user.is_authenticated:
        request.max_content_length, request.max_form_parts = limits


def _refuse_unreadable() -> None:
    """Refuse NUL characters, which PostgreSQL cannot store, and a referrer that is no address.

    No browser sends either.
    """
    if "\0" in request.path:
        abort(404)
    try:
        _ = urlsplit(request.referrer or "").port
    except ValueError:
        abort(400)
    fields = request.values.items(True) if is_dashboard(request.path) else ()
    if any("\0" in part for field in fields for part in field):
        abort(400)


def _refuse_json() -> None:
    """Refuse JSON where a page of the dashboard reads a form: what was counted would be another."""
    if not request.is_json or request.method in SAFE_METHODS or not is_dashboard(request.path):
        return
    if request.endpoint is not None and request.endpoint not in _TAKES_JSON:
        abort(415)


def _add_headers(response: Response) -> Response:
    """Let a page load and run only files of this server; forbid caches and frames."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if runtime().settings.base_url.startswith("https:"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if is_dashboard(request.path) and not (request.endpoint or "").endswith(".static"):
        headers["Cache-Control"] = "no-store"
    return response


def _error_page(error: HTTPException) -> ResponseReturnValue:
    """Answer errors of the dashboard with a page; leave errors of other addresses unchanged."""
    if (error.code or 500) < 400 or not is_dashboard(request.path):
        return error
    try:
        return _told(error)
    except _DATABASE_AWAY as away:  # which is asked who sees the page
        return _database_away(away)


def _database_away(error: Exception) -> ResponseReturnValue:
    """Answer 503 without a word to the database; one line of the log a minute says why.

    A fault of ours, which the driver raises as one of the same errors, goes on to be one.
    """
    if not is_away(error):
        raise error
    away = error if isinstance(error, DatabaseUnavailable) else unavailable(error)
    headers = {"Retry-After": str(_RETRY_SECONDS)}
    if g.get("asks_for_json") or not is_dashboard(request.path):
        return jsonify(error=str(away)), 503, headers
    g.setdefault("_login_user", None)  # else the page would ask again who has sent the request
    title, advice = _ERROR_PAGES[503]
    page = render_template("handrail/problem.html", title=title, advice=advice, locked=None)
    return page, 503, headers


def _told(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    title, advice = _ERROR_PAGES.get(code, _INTERNAL_ERROR)
    if g.get("asks_for_json"):  # a script of a page; without a session its token cannot be right
        if code not in _BEFORE_SIGN_IN and not current_user.is_authenticated:
            return jsonify(error="Sign in again."), 401
        return jsonify(error=advice), code
    if code == 400:
        advice = _wrong_address() or advice
    locked = getattr(error, "locked", None)
    page = render_template("handrail/problem.html", title=title, advice=advice, locked=locked)
    return page, code


def _wrong_address() -> str | None:
    """Return what is wrong if the request came to another address than the base URL.

    Cookies that are for one are not sent to the other, so forms are refused there.
    """
    came_to, base_url = request.host_url.rstrip("/"), runtime().settings.base_url
    if came_to == base_url:
        return None
    return (
        f"The request came to {came_to}, but this server's address is {base_url}. Open that one. "
        "If you did, the proxy in front does not pass Host and X-Forwarded-Proto, or is not in "
        "HANDRAIL_TRUSTED_PROXIES."
    )
