"""Explain why a Git-managed row is read-only, where its file is, and whether that is live."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask import abort, g
from werkzeug.exceptions import Conflict

from sync.git.edit_link import EditLocation, edit_location
from sync.layout import WALKTHROUGHS
from sync.queue import is_blocked_by_hold
from walkthroughs.content.wording import count_of
from walkthroughs.models import ContentSource, Walkthrough, db

_INTRO = "The file to edit is"


class CommitState(StrEnum):
    """What became of the newest commit, for one walkthrough; the value is its badge."""

    LIVE = "newest commit is live"
    WAITING = "newest commit waits"
    MISTAKES = "newest commit has mistakes"
    UNKNOWN = "newest commit is not known"


@dataclass(frozen=True, slots=True)
class NewestCommit:
    """Whether a walkthrough is as its newest commit says, in a sentence.

    Attributes:
        source_id: the source that owns it.
        tab: the tab of the source's page that says more.
    """

    state: CommitState
    sentence: str
    source_id: str
    tab: str

    @property
    def badge(self) -> str:
        """Return the kind of the badge."""
        kinds = {CommitState.WAITING: "waiting", CommitState.LIVE: "live"}
        return kinds.get(self.state, "degraded")


def newest_commit_of(
    source: ContentSource, external_id: str | None, folder: str | None
) -> NewestCommit:
    """Return what became of the newest commit of the walkthrough with that author's id. Pure.

    *folder* is where it is in its repository, if it was read since the source owns it.
    """
    path = f"{WALKTHROUGHS}/{folder}/"
    mistakes = sum(folder is not None and each.path.startswith(path) for each in source.problems)
    if source.error:
        words = "Whether its newest commit is live is not known: the repository cannot be read."
        return NewestCommit(CommitState.UNKNOWN, words, source.id, "plan")
    if source.newest_commit is None or folder is None:
        words = "Its repository was not read yet."
        return NewestCommit(CommitState.UNKNOWN, words, source.id, "plan")
    if mistakes:
        number = count_of(mistakes, "mistake")
        words = f"Its newest commit has {number}: the last good version stays live."
        return NewestCommit(CommitState.MISTAKES, words, source.id, "problems")
    if any(each.id == external_id for each in source.pending_changes):
        why = "the source is held" if is_blocked_by_hold(source) else "an owner has to approve it"
        words = f"Its newest commit waits: {why}."
        return NewestCommit(CommitState.WAITING, words, source.id, "plan")
    return NewestCommit(CommitState.LIVE, "Its newest commit is live.", source.id, "plan")


@dataclass(frozen=True, slots=True)
class GitLock:
    """Why a row is read-only now, and the location of its file if the host is known."""

    reason: str
    newest: NewestCommit | None = None
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
    newest = newest_commit_of(source, row.external_id, row.folder)
    if row.folder is None:  # adopted, and not synced since
        return GitLock(reason, newest)
    kind = source.host_kind.value if source.host_kind else None
    file = edit_location(source.url, source.branch, source.path, row.folder, kind)
    return GitLock(reason, newest, file, intro)


def git_conflict(walkthrough_id: str) -> LockedByGit:
    """Return the error to raise when the writer finds that Git owns the walkthrough."""
    row = db.session.query(Walkthrough).filter(
        Walkthrough.organization_id == g.organization_id, Walkthrough.id == walkthrough_id
    )
    locked = locked_by_git(row.one_or_none() or abort(404))
    return LockedByGit(locked or GitLock("It was just taken over by Git. Reload and try again."))
