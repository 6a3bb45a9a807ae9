"""Who changes something in the dashboard, for the audit."""

from __future__ import annotations

from flask import has_request_context
from flask_security import current_user

from walkthroughs.audit.record import COMMAND_LINE, Actor
from walkthroughs.enums import AuditPlace

#: What somebody is called who is not signed in.
VISITOR = "visitor"


def current_actor() -> Actor:
    """Return the signed-in member; outside of a request, the command line."""
    if not has_request_context():
        return COMMAND_LINE
    name = current_user.email if current_user.is_authenticated else VISITOR
    return Actor(name, AuditPlace.DASHBOARD)
