"""Explain why a Git-managed row is read-only, and link to its file."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, g
from werkzeug.exceptions import Conflict

from sync.git.edit_link import EditLocation, edit_location
from walkthroughs.models import Walkthrough, db

_INTRO = "The file to edit is"


@dataclass(frozen=True, slots=True)
class GitLock:
    """Why a row is read-only now, and the location of its file if the host is known."""

    reason: str
    location: EditLocation | None = None
    #: Introduces the path of the file on the page.
    intro: str = _INTRO


class LockedByGit(Conflict):
    """Answer 409: the row belongs to Git. The page shows why, and links to the file."""

    def __init__(self, locked: GitLock) -> None:
        super().__init__(locked.reason)
        self.locked = locked


def locked_by_git(row: Walkthrough, intro: str = _INTRO) -> GitLock | None:
    """Return the source that owns *row*, and the file; none if the dashboard owns the row."""
    source = row.source
    if source is None:
        return None
    reason = (
        f"“{row.title}” is managed by the Git repository “{source}”. "
        "Change it there; it is live within seconds of the commit."
    )
    if row.folder is None:  # adopted, and not synced since
        return GitLock(reason)
    kind = source.host_kind.value if source.host_kind else None
    file = edit_location(source.url, source.branch, source.path, row.folder, kind)
    return GitLock(reason, file, intro)


def git_conflict(walkthrough_id: str) -> LockedByGit:
    """Return the error to raise when the writer finds that Git owns the walkthrough."""
    row = db.session.query(Walkthrough).filter(
        Walkthrough.organization_id == g.organization_id, Walkthrough.id == walkthrough_id
    )
    locked = locked_by_git(row.one_or_none() or abort(404))
    return LockedByGit(locked or GitLock("It was just taken over by Git. Reload and try again."))
