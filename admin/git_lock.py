"""Explain why a Git-managed row is read-only, and link to its file."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, g
from werkzeug.exceptions import Conflict

from sync.git.edit_link import EditLocation, edit_location
from walkthroughs.models import Walkthrough, db

_LEAD = "The file to edit is"


@dataclass(frozen=True, slots=True)
class GitLock:
    """Why a row cannot be changed now, and where it is written, if anybody knows."""

    reason: str
    written: EditLocation | None = None
    #: How the file is spoken of.
    intro: str = _LEAD


class LockedByGit(Conflict):
    """Something was to be changed here that is changed elsewhere: 409, with the way there."""

    def __init__(self, locked: GitLock) -> None:
        super().__init__(locked.reason)
        self.locked = locked


def locked_by_git(row: Walkthrough, lead: str = _LEAD) -> GitLock | None:
    """Return that a content source owns *row*, and the file; none if the dashboard does."""
    source = row.source
    if source is None:
        return None
    reason = (
        f"“{row.title}” is managed by the Git repository “{source}”. "
        "Change it there; it is live within seconds of the commit."
    )
    if row.folder is None:  # adopted, and not read since
        return GitLock(reason)
    kind = source.host_kind.value if source.host_kind else None
    file = edit_location(source.url, source.branch, source.path, row.folder, kind)
    return GitLock(reason, file, lead)


def git_conflict(walkthrough_id: str) -> LockedByGit:
    """Return what to raise when the writer found that Git owns the walkthrough."""
    row = db.session.query(Walkthrough).filter(
        Walkthrough.organization_id == g.organization_id, Walkthrough.id == walkthrough_id
    )
    locked = locked_by_git(row.one_or_none() or abort(404))
    return LockedByGit(locked or GitLock("It has just changed hands. Go back and try again."))
