"""What Git owns: why it is not changed here, and the file to change instead."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, g
from werkzeug.exceptions import Conflict

from sync.edit_link import Written, written_at
from walkthroughs.models import Walkthrough, db

_LEAD = "The file to edit is"


@dataclass(frozen=True, slots=True)
class Locked:
    """Why a row cannot be changed now, and where it is written, if anybody knows."""

    reason: str
    written: Written | None = None
    #: How the file is spoken of.
    lead: str = _LEAD


class NotChangedHere(Conflict):
    """Something was to be changed here that is changed elsewhere: 409, with the way there."""

    def __init__(self, locked: Locked) -> None:
        super().__init__(locked.reason)
        self.locked = locked


def locked_by_git(row: Walkthrough, lead: str = _LEAD) -> Locked | None:
    """Return that a content source owns *row*, and the file; none if the dashboard does."""
    source = row.source
    if source is None:
        return None
    reason = (
        f"“{row.title}” is managed by the Git repository “{source}”. "
        "Change it there; it is live within seconds of the commit."
    )
    if row.folder is None:  # adopted, and not read since
        return Locked(reason)
    kind = source.reports.value if source.reports else None
    file = written_at(source.url, source.branch, source.path, row.folder, kind)
    return Locked(reason, file, lead)


def refusal(walkthrough_id: str) -> NotChangedHere:
    """Return what to raise when the writer found that Git owns the walkthrough."""
    row = db.session.query(Walkthrough).filter(
        Walkthrough.organization_id == g.organization_id, Walkthrough.id == walkthrough_id
    )
    locked = locked_by_git(row.one_or_none() or abort(404))
    return NotChangedHere(locked or Locked("It has just changed hands. Go back and try again."))
