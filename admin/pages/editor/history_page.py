"""The versions of a walkthrough: compare any two, and take texts back into the draft."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.pages.editor.own_draft import draft_or_404
from admin.pages.page import Page
from admin.saving import write_transaction
from walkthroughs.content.comparison import Comparison, compare_contents
from walkthroughs.content.draft_content import content_of
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.models import WalkthroughVersion, db
from walkthroughs.publishing import drafts, proposal_drafts
from walkthroughs.publishing.draft_rows import DraftRow
from walkthroughs.publishing.learner_counts import count_by_version
from walkthroughs.publishing.versions import read_version

#: Versions on one page.
_SHOWN = 50
DRAFT, LIVE = "draft", "live"
#: What becomes of a restored version, and whether Git owns the walkthrough.
_FATE = {
    False: "draft. Nothing is live before you publish.",
    True: "proposal. Nothing is pushed before you propose it.",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Two sides to compare, `draft` or a version's number, and what differs.

    In an address they are the same comparison for whoever opens it: `live` became a number.
    """

    old: str
    new: str
    comparison: Comparison | None
    fault: str | None = None


class HistoryPage(Page):
    """What was published, by whom, and what it changed."""

    def __init__(self) -> None:
        super().__init__("History", "history", "walkthroughs/<walkthrough_id>/history")

    @expose("/")
    def index(self, walkthrough_id: str) -> ResponseReturnValue:
        """Show the versions and a comparison: `a` and `b` say of what with what.

        Each is the number of a version, `live` or `draft`.
        """
        row = draft_or_404(walkthrough_id)
        values = {
            "row": row,
            "walkthrough_id": walkthrough_id,
            "versions": _versions(walkthrough_id),
            "learners": count_by_version(db.session(), g.organization_id, walkthrough_id),
            "chosen": _chosen(row, request.args.get("a", ""), request.args.get("b", "")),
            "writes": self.may_write() and row.walkthrough.archived_at is None,
        }
        return str(self.render("handrail/history.html", **values))

    @expose("/restore", methods=("POST",))
    def restore(self, walkthrough_id: str) -> ResponseReturnValue:
        """Put a version, or one step of it, into the draft."""
        number = request.form.get("version", "")
        if not (number.isascii() and number.isdigit() and len(number) < 9):
            abort(400)

        is_of_git = draft_or_404(walkthrough_id).walkthrough.source_id is not None

        def write(session: Session) -> None:
            if is_of_git:
                proposal_drafts.begin(
                    session, g.organization_id, walkthrough_id, current_user.email
                )
            drafts.restore_version(
                session,
                g.organization_id,
                walkthrough_id,
                int(number),
                current_user.email,
                only_step=request.form.get("step") or None,
            )

        try:
            with write_transaction() as session:
                write(session)
            flash(f"Version {number} is in the {_FATE[is_of_git]}", "success")
        except NotFound as error:
            flash(str(error), "error")
        except HandrailError as error:
            flash(str(error), "error")
        return redirect(url_for("editor.index", walkthrough_id=walkthrough_id), code=303)


def _versions(walkthrough_id: str) -> list[WalkthroughVersion]:
    query = (
        select(WalkthroughVersion)
        .where(
            WalkthroughVersion.organization_id == g.organization_id,
            WalkthroughVersion.walkthrough_id == walkthrough_id,
        )
        .order_by(WalkthroughVersion.number.desc())
        .limit(_SHOWN)
    )
    return list(db.session.scalars(query))


def _chosen(row: DraftRow, old: str, new: str) -> Chosen:
    """Return the comparison that is asked for; else of what is written with what is live."""
    live = row.live_version
    if not old and not new:
        old, new = (str(live), DRAFT) if row.has_changes else (str(max(live - 1, 0)), str(live))
    old, new = (str(live) if each in {"", LIVE} else each for each in (old, new))
    try:
        comparison = compare_contents(_side(row, old), _side(row, new))
    except HandrailError as error:
        return Chosen(old, new, None, str(error))
    return Chosen(old, new, comparison)


def _side(row: DraftRow, name: str) -> WalkthroughContent:
    if name == DRAFT:
        return content_of(row.draft, row.live)
    if not (name.isascii() and name.isdigit() and len(name) < 9):
        raise NotFound("Choose two versions to compare.")
    place = row.walkthrough
    return read_version(db.session(), place.organization_id, place.id, int(name))
