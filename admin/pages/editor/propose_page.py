"""Propose a change of a walkthrough that Git owns: see the files that change, and push them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from werkzeug.wrappers import Response as Redirect

from admin.access.actors import current_actor
from admin.pages.editor.form import plain_note, shown_levels
from admin.pages.editor.kept_levels import keep_levels
from admin.pages.editor.own_draft import draft_or_404
from admin.pages.page import Page
from admin.saving import write_transaction
from sync.git.proposal_branch import Person
from sync.proposals.errors import NothingToPropose, NotProposed, ProposalConflict, ProposalLate
from sync.proposals.opened import Change
from sync.proposals.propose import ProposalPreview, make_patch, preview_proposal, propose
from walkthroughs.content.comparison import compare_contents
from walkthroughs.content.draft import text_hash
from walkthroughs.content.draft_content import changed_steps, content_of, is_blocked, problems
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.identity.outside_waits import Kind, waiting
from walkthroughs.models import db
from walkthroughs.publishing import proposal_drafts
from walkthroughs.publishing.draft_rows import DraftRow
from walkthroughs.publishing.missing_pictures import missing_pictures
from walkthroughs.publishing.publish_plan import count_done_by
from walkthroughs.runtime import runtime

#: How long the repository's host may take, over all that is asked of it.
SECONDS = 25.0
T = TypeVar("T")


class ProposePage(Page):
    """Show what a proposal would push, and push exactly that. It is never forced."""

    reads = frozenset[str]()

    def __init__(self) -> None:
        super().__init__("Propose", "propose", "walkthroughs/<walkthrough_id>/propose")

    @expose("/begin", methods=("POST",))
    def begin(self, walkthrough_id: str) -> ResponseReturnValue:
        """Let the text be written, as a proposal."""
        try:
            with write_transaction() as session:
                proposal_drafts.begin(
                    session, g.organization_id, walkthrough_id, current_user.email
                )
        except NotFound:
            abort(404)
        except HandrailError as error:
            flash(str(error), "error")
        return _to_editor(walkthrough_id, request.form.get("step"))

    @expose("/again", methods=("POST",))
    def again(self, walkthrough_id: str) -> ResponseReturnValue:
        """Keep whether those who have done a reworded step are asked to do it again."""
        if keep_levels(draft_or_404(walkthrough_id), request.form):
            flash("Kept: it goes with the proposal.", "success")
        return redirect(url_for(".index", walkthrough_id=walkthrough_id), code=303)

    @expose("/", methods=("GET", "POST"))
    def index(self, walkthrough_id: str) -> ResponseReturnValue:
        """Show what would be pushed; push it if its form is sent.

        The host is asked when a script does, or with `changes`: it may take some seconds.
        """
        row = draft_or_404(walkthrough_id)
        if not row.is_proposal or row.locked is not None:
            flash("There is no proposal to push: choose “Propose a change” first.", "error")
            return _to_editor(walkthrough_id)
        kept = request.method == "POST" and keep_levels(row, request.form)
        shown = _Shown(row if kept is False else draft_or_404(walkthrough_id))
        if kept:
            flash("Who does a step again is in the files now: look at them once more.", "error")
            shown.look()
        elif request.method == "POST":
            if kept is not None and shown.push():
                return _to_editor(walkthrough_id)
        elif "changes" in request.args or request.headers.get("HX-Target") == "changes":
            shown.look()
        part = request.headers.get("HX-Target") == "changes"
        name = "propose_changes" if part else "propose"
        return str(self.render(f"handrail/{name}.html", **shown.values()))

    @expose("/patch", methods=("POST",))
    def patch(self, walkthrough_id: str) -> ResponseReturnValue:
        """Send the change as a file for `git am`; nothing is pushed."""
        row = draft_or_404(walkthrough_id)
        if not row.is_proposal or row.locked is not None:
            abort(404)
        kept = keep_levels(row, request.form)
        shown = _Shown(row if kept is False else draft_or_404(walkthrough_id))
        data = shown.make_patch() if kept is not None else None
        if data is None:
            return str(self.render("handrail/propose.html", **shown.values()))
        answer = Response(data, mimetype="text/x-patch")
        name = f"{row.walkthrough.external_id}.patch"
        answer.headers.set("Content-Disposition", "attachment", filename=name)
        return answer


class _Shown:
    """A proposal as the page shows it, with what became of asking the host."""

    def __init__(self, row: DraftRow) -> None:
        changed = changed_steps(row.draft, row.live)
        missing = missing_pictures(db.session(), row.walkthrough, row.draft, changed)
        self._problems = (*problems(row.draft, changed), *missing)
        content = content_of(row.draft, row.live)
        place = row.walkthrough
        self._id, self._title = place.id, content.title
        self._live_version, self._is_stale = row.live_version, row.is_stale
        self._comparison = compare_contents(row.live, content)
        self._done = count_done_by(db.session(), row, self._comparison)
        self._change = Change(
            place.organization_id,
            place.id,
            content,
            draft=row.draft,
            actor=current_actor(),
            over=request.values.get("over", "")[:64] or None,
        )
        self._author = Person("", current_user.email)
        self._note = plain_note(request.form.get("note", ""))
        self._preview: ProposalPreview | None = None
        self._error: HandrailError | None = None

    @property
    def is_blocked(self) -> bool:
        """Return whether it cannot be proposed as it is written."""
        return self._is_stale or is_blocked(self._problems)

    def look(self) -> None:
        """Ask what would be pushed."""
        if not self.is_blocked:
            parts = runtime()
            self._preview = self._asked(
                lambda: preview_proposal(
                    parts.database, parts.settings, self._change, seconds=SECONDS
                )
            )

    def push(self) -> bool:
        """Push what was shown; return whether there is nothing more to show."""
        if self.is_blocked:
            return False
        parts = runtime()
        done = self._asked(
            lambda: propose(
                parts.database,
                parts.settings,
                self._change,
                self._author,
                note=self._note,
                fingerprint=request.form.get("fingerprint", "")[:64],
                seconds=SECONDS,
            )
        )
        if done is not None:
            flash("Proposed. Open a pull request for it, if there is none yet.", "success")
            return True
        if isinstance(self._error, NothingToPropose):  # the form was sent twice
            return not proposal_drafts.has_unproposed(draft_or_404(self._id))
        self._look_again()
        return False

    def make_patch(self) -> bytes | None:
        """Return the change as a patch; none after an error, which is shown."""
        if self.is_blocked:
            return None
        parts = runtime()
        return self._asked(
            lambda: make_patch(
                parts.database,
                parts.settings,
                self._change,
                self._author,
                note=self._note,
                seconds=SECONDS,
            )
        )

    def values(self) -> dict[str, Any]:
        """Return what the template names."""
        error = self._error
        return {
            "walkthrough_id": self._id,
            "title": self._title,
            "live_version": self._live_version,
            "is_stale": self._is_stale,
            "is_blocked": self.is_blocked,
            "reworded": self._comparison.reworded,
            "done": self._done,
            "levels": shown_levels(request.form, self._comparison),
            "hash": text_hash,
            "problems": [each for each in self._problems if is_blocked([each])],
            "preview": self._preview,
            "note": self._note,
            "fault": str(error) if error else None,
            "theirs": error.files if isinstance(error, ProposalConflict) else (),
            "their_tip": error.tip if isinstance(error, ProposalConflict) else None,
            "over": self._change.over,
            "has_patch": isinstance(error, NotProposed) and error.patch is not None,
        }

    def _asked(self, ask: Callable[[], T]) -> T | None:
        """Ask the host without a connection of the page; keep the error if it is refused."""
        db.session.rollback()
        try:
            with waiting(runtime().database, Kind.REPOSITORY):
                return ask()
        except NotFound:
            abort(404)
        except HandrailError as error:
            self._error = error
            return None

    def _look_again(self) -> None:
        """Show the changes below the error, unless the host has just kept the member waiting."""
        error = self._error
        if isinstance(error, NotProposed) and not isinstance(
            error, ProposalLate | ProposalConflict
        ):
            self.look()
            self._error = error


def _to_editor(walkthrough_id: str, step: str | None = None) -> Redirect:
    return redirect(url_for("editor.index", walkthrough_id=walkthrough_id, step=step), code=303)
