"""Push notifications of Git hosts. They are only believed to say "look again"."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.datastructures import Headers

from sync import queue
from walkthroughs.crypto import SecretUnreadable, decrypt
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource
from walkthroughs.runtime import runtime

webhooks = Blueprint("webhooks", __name__)
_LOG = logging.getLogger(__name__)

#: Larger ones are refused before they are read; the poll sees the commit all the same.
MAX_BYTES = 4 * 1024 * 1024
#: Where hosts put the HMAC-SHA256 of the body: GitHub; Bitbucket; Gitea, Forgejo.
_SIGNATURES = (
    ("X-Hub-Signature-256", "sha256="),
    ("X-Hub-Signature", "sha256="),
    ("X-Gitea-Signature", ""),
    ("X-Forgejo-Signature", ""),
)
#: GitLab sends the secret itself.
_TOKEN = "X-Gitlab-Token"  # noqa: S105  a header's name
_UNREADABLE = (
    "This server cannot read the secret of the content source: its own key has changed. "
    "The source is still polled. Its operators can make a new webhook secret."
)
_NOTED_EACH_MS = 60_000
_REFUSED = "There is no such content source, or the signature does not fit its secret."


@webhooks.post("/webhooks/git/<source_id>")
def pushed(source_id: str) -> ResponseReturnValue:
    """Ask for a run if the source's branch was pushed; answer before it begins."""
    request.max_content_length = MAX_BYTES
    body = request.get_data(cache=True)
    parts = runtime()
    with parts.database.transaction() as session:
        source = session.scalar(select(ContentSource).where(ContentSource.id == source_id))
        secret = source and source.webhook_secret
        if not source or not secret:
            return {"error": _REFUSED}, 401
        try:
            secret = decrypt(parts.settings.secret_keys, secret)
        except SecretUnreadable as error:
            _LOG.error("The webhook of the source %s: %s", source.id, error)
            return {"error": _UNREADABLE}, 503
        if not is_signed(request.headers, body, secret):
            return {"error": _REFUSED}, 401
        _note_call(source)
        if request.mimetype != "application/json":
            return {"error": "Set the webhook's content type to application/json."}, 415
        branches = pushed_branches(_json(body))
        if branches is None:
            return {"error": "The body is not a notification in JSON."}, 400
        if source.branch not in branches:
            return {"ignored": f'not about the branch "{source.branch}"'}, 200
        queue.request_sync(session, source.organization_id, source.id)
    return {"accepted": source.branch}, 202


def _note_call(source: ContentSource) -> None:
    """Note that the webhook works; not each time, so that many calls are no many writes."""
    if now_ms() - (source.webhook_called_at or 0) > _NOTED_EACH_MS:
        source.webhook_called_at = now_ms()


def _json(body: bytes) -> Any:  # noqa: ANN401  anybody's JSON
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def is_signed(headers: Headers, body: bytes, secret: str) -> bool:
    """Return whether one header proves that the sender knows *secret*. Pure; constant time."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    for name, prefix in _SIGNATURES:
        given = headers.get(name)
        if given is not None and given.startswith(prefix):
            return hmac.compare_digest(given.removeprefix(prefix).encode(), wanted.encode())
    token = headers.get(_TOKEN)
    return token is not None and hmac.compare_digest(token.encode(), secret.encode())


def pushed_branches(payload: Any) -> frozenset[str] | None:  # noqa: ANN401  anybody's JSON
    """Return the branches a notification is about; none if it is no notification. Pure."""
    if not isinstance(payload, dict):
        return None
    ref = payload.get("ref")
    if isinstance(ref, str):
        return frozenset({ref.removeprefix("refs/heads/")} if ref.startswith("refs/heads/") else ())
    push = payload.get("push")
    changes = push.get("changes") if isinstance(push, dict) else None
    if not isinstance(changes, list):
        return frozenset()
    new = [change.get("new") for change in changes if isinstance(change, dict)]
    return frozenset(str(each.get("name")) for each in new if isinstance(each, dict))
