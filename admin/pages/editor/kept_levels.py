"""Keep in a proposal's draft who does a reworded step again."""

from __future__ import annotations

from collections.abc import Mapping

from flask import abort, flash
from flask_security import current_user

from admin.pages.editor.form import request_for_levels
from admin.saving import write_transaction
from walkthroughs.errors import DraftRefused, HandrailError, NotFound
from walkthroughs.publishing import drafts
from walkthroughs.publishing.draft_rows import DraftRow


def keep_levels(row: DraftRow, form: Mapping[str, str]) -> bool | None:
    """Keep the form's choices; return whether the draft had others. None: they are refused.

    All of them are kept, or none; the member is told why none is.
    """
    try:
        wanted = request_for_levels(form, row.draft)
        if not wanted.changes:
            return False
        with write_transaction() as session:
            place = row.walkthrough
            saved = drafts.save(
                session, place.organization_id, place.id, wanted, current_user.email
            )
            if saved.applied.conflicts:
                raise DraftRefused(
                    "Somebody changed a step meanwhile that a choice was for: nothing was kept. "
                    "Look at the choices once more."
                )
    except NotFound:
        abort(404)
    except HandrailError as error:
        flash(str(error), "error")
        return None
    return True
