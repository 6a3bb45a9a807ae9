"""Who is in the editor: each window says where it is, and is told of the others."""

from __future__ import annotations

import re

from flask import abort, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user

from admin.pages.page import Page
from admin.saving import write_transaction
from walkthroughs.addresses import SLUG_PATTERN
from walkthroughs.errors import NotFound
from walkthroughs.ids import now_ms
from walkthroughs.publishing import presence
from walkthroughs.publishing.presence import Window

_WINDOW = re.compile(r"[\w-]{8,40}", re.ASCII)
#: More than such a message takes.
_MAX_BYTES = 4096


class PresencePage(Page):
    """Note where a member is, and answer who else is there and whether anything changed."""

    reads = frozenset[str]()

    def __init__(self) -> None:
        super().__init__("Presence", "presence", "walkthroughs/<walkthrough_id>/presence")

    @expose("/", methods=("POST",))
    def index(self, walkthrough_id: str) -> ResponseReturnValue:
        """Take the form of a window: `window`, `step`, and `leaves` if it is being closed."""
        request.max_content_length = _MAX_BYTES
        key, step = request.form.get("window", ""), request.form.get("step", "")
        if not _WINDOW.fullmatch(key):
            abort(400)
        window, now = Window(current_user.id, key), now_ms()
        known = step if SLUG_PATTERN.fullmatch(step) else None
        try:
            with write_transaction() as session:
                if "leaves" in request.form:
                    presence.leave(session, g.organization_id, walkthrough_id, window)
                    return "", 204
                presence.note(session, g.organization_id, walkthrough_id, window, known, now)
                people = presence.others(
                    session, g.organization_id, walkthrough_id, window.user_id, now
                )
                changed = presence.as_of(session, g.organization_id, walkthrough_id)
        except NotFound:
            abort(404)
        return jsonify(people=[each.as_json() for each in people], as_of=changed)
