"""Read the walkthrough that a page's address names."""

from __future__ import annotations

from flask import abort, g

from walkthroughs.errors import NotFound
from walkthroughs.models import db
from walkthroughs.publishing import drafts
from walkthroughs.publishing.draft_rows import DraftRow


def draft_or_404(walkthrough_id: str) -> DraftRow:
    """Return the draft of one of the organization's walkthroughs, or what is live of it."""
    try:
        return drafts.read(db.session(), g.organization_id, walkthrough_id)
    except NotFound:
        abort(404)
