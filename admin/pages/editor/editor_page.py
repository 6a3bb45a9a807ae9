"""The editor of one walkthrough: its draft, saved while it is written."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from flask import abort, flash, g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy.orm import Session

from admin.pages.editor.content import (
    TEXTS,
    chosen_step,
    marks_of,
    neighbours,
    preview_of,
    sections,
)
from admin.pages.editor.form import new_step_id, request_from_form
from admin.pages.editor.git_state import git_state
from admin.pages.editor.own_draft import draft_or_404
from admin.pages.editor.pictures_page import picture_base
from admin.pages.page import Page
from admin.saving import write_transaction
from admin.states import State, state_of, state_words
from walkthroughs.content.draft import DraftStep, text_hash
from walkthroughs.content.draft_changes import Request, only_texts, request_from_json
from walkthroughs.content.draft_content import changed_steps, problems
from walkthroughs.content.draft_outcome import Conflict
from walkthroughs.content.draft_rebase import Rebased
from walkthroughs.errors import DraftLocked, DraftRefused, HandrailError, NotFound
from walkthroughs.ids import author_id, now_ms
from walkthroughs.models import db
from walkthroughs.publishing import drafts, presence, proposal_drafts
from walkthroughs.publishing.draft_rows import DraftRow
from walkthroughs.publishing.drafts import Saved
from walkthroughs.publishing.missing_pictures import missing_pictures

#: The largest request of the script that saves: more than any walkthrough's texts in one go.
_MAX_SAVE_BYTES = 8 * 1024 * 1024
T = TypeVar("T")
#: What a narrow screen shows at a time; a wide one shows all.
VIEWS = ("steps", "text", "preview", "assistant")
_NOT_SAVED = "Nothing is saved yet: choose which text to keep below, and save again."


class EditorPage(Page):
    """Write a walkthrough. What Git manages, and what is archived, is shown and not changed."""

    reads = frozenset({"index", "shown_step"})

    def __init__(self) -> None:
        super().__init__("Walkthroughs", "editor", "walkthroughs/<walkthrough_id>")

    @expose("/")
    def index(self, walkthrough_id: str) -> ResponseReturnValue:
        """Show the draft, or what is live; `step` is the author id of the step that is open."""
        return self._page(draft_or_404(walkthrough_id))

    @expose("/shown-step")
    def shown_step(self, walkthrough_id: str) -> ResponseReturnValue:
        """Show how people and assistants get one step: a part of the page."""
        row = draft_or_404(walkthrough_id)
        step = chosen_step(row.draft.steps, request.args.get("step", ""))
        return self._shown_step(row, step)

    @expose("/draft", methods=("POST",))
    def draft(self, walkthrough_id: str) -> ResponseReturnValue:
        """Save what the page's script sends; answer what became of it, as JSON."""
        request.max_content_length = _MAX_SAVE_BYTES
        try:
            wanted = request_from_json(request.get_json(silent=True))
            saved = _save(walkthrough_id, wanted)
        except NotFound:
            abort(404)
        except HandrailError as error:
            return jsonify(error=str(error)), 403 if isinstance(error, DraftLocked) else 422
        answer = saved.as_json() | {"shown": self._shown(wanted, saved)}
        return jsonify(answer), 409 if saved.applied.conflicts else 200

    @expose("/save", methods=("POST",))
    def save(self, walkthrough_id: str) -> ResponseReturnValue:
        """Save a form; show it again, with what was typed, if something stops it."""
        row = draft_or_404(walkthrough_id)
        form = request.form.to_dict()
        try:
            wanted = request_from_form(form, row.draft.revision)
            saved = _save(walkthrough_id, wanted)
        except HandrailError as error:
            if isinstance(error, NotFound):
                abort(404)
            flash(str(error), "error")
            code = 413 if isinstance(error, DraftRefused) else 409
            return self._page(row, typed=form), code
        for sentence in (*saved.applied.notices, *saved.applied.merged):
            flash(sentence, "success")
        if saved.applied.conflicts:
            flash(_NOT_SAVED, "error")
            shown = draft_or_404(walkthrough_id)
            return self._page(shown, typed=form, conflicts=saved.applied.conflicts), 409
        adds = form.get("do", "").startswith("add")
        step = new_step_id(form["request_id"]) if adds else form.get("step")
        view = form.get("view") if form.get("do", "").startswith("move") else None
        here = url_for(".index", walkthrough_id=walkthrough_id, step=step, view=view)
        return redirect(here, code=303)

    @expose("/discard", methods=("POST",))
    def discard(self, walkthrough_id: str) -> ResponseReturnValue:
        """Put the draft aside, so that what is live is shown; or take that back."""
        copy_id, by = request.form.get("change", "").partition(" ")[2], current_user.email
        row = draft_or_404(walkthrough_id)
        put_aside = proposal_drafts.discard if row.is_proposal else drafts.discard
        is_of_git = row.walkthrough.source_id is not None

        def write(session: Session, organization_id: str) -> str | None:
            if not copy_id:
                return put_aside(session, organization_id, walkthrough_id, by)
            if is_of_git:
                proposal_drafts.begin(session, organization_id, walkthrough_id, by)
            drafts.restore_copy(session, organization_id, walkthrough_id, copy_id, by)
            return None

        kept = _written(write)
        if kept:
            here = url_for(".discard", walkthrough_id=walkthrough_id)
            done = {"text": "The changes are discarded.", "undo": here, "change": f"undo {kept}"}
            flash(done, "success")  # type: ignore[arg-type]  # the session keeps it as JSON
        return _back(walkthrough_id)

    @expose("/rebase", methods=("POST",))
    def rebase(self, walkthrough_id: str) -> ResponseReturnValue:
        """Merge what was published since the draft was begun; say what met."""

        def write(session: Session, organization_id: str) -> Rebased:
            return drafts.rebase_onto_live(
                session, organization_id, walkthrough_id, current_user.email
            )

        rebased = _written(write)
        if rebased is not None:
            for sentence in rebased.merged:
                flash(sentence, "success")
            met = len(rebased.conflicts)
            if met:
                flash(
                    f"In {met} text{'' if met == 1 else 's'} both changed the same: yours is in "
                    "the draft, the other one is live.",
                    "error",
                )
        return _back(walkthrough_id)

    def _shown(self, wanted: Request, saved: Saved) -> dict[str, Any] | None:
        """Return what the page is to show otherwise, if that is one step's texts alone.

        None if it is more, or if somebody else has written meanwhile: the page is to be read again.
        """
        row, steps = saved.row, only_texts(wanted)
        applied = saved.applied
        is_more = applied.merged or applied.conflicts or applied.stored
        if steps is None or len(steps) > 1 or is_more or row.draft.revision > wanted.base + 1:
            return None
        step = row.draft.step(next(iter(steps)) or "") if steps else None
        as_of = presence.as_of_row(row.walkthrough, row.draft.revision)
        if step is None:
            return {"step": None, "as_of": as_of}
        missing = missing_pictures(db.session(), row.walkthrough, row.draft, steps)
        line = marks_of(row, step, (*saved.problems(), *missing))
        preview = self._shown_step(row, step)
        answer = {"step": step.id, "as_of": as_of, "preview": preview}
        return answer | {"marks": line.marks, "by": line.by}

    def _shown_step(self, row: DraftRow, step: DraftStep | None) -> str:
        id_ = row.walkthrough.id
        preview = preview_of(row, step, picture_base(id_)) if step else None
        values = {"preview": preview, "walkthrough_id": id_, "step_id": step and step.id}
        return str(self.render("handrail/editor_preview.html", **values))

    def _page(
        self,
        row: DraftRow,
        typed: dict[str, str] | None = None,
        conflicts: Collection[Conflict] = (),
    ) -> str:
        """Show the editor. *typed* stands in the fields that have the same names."""
        named = (typed or {}).get("step") or request.args.get("step", "")
        step = chosen_step(row.draft.steps, named)
        changed = changed_steps(row.draft, row.live)
        found = (
            *problems(row.draft, changed),
            *missing_pictures(db.session(), row.walkthrough, row.draft, changed),
        )
        state = state_of(row.walkthrough)
        place = (db.session(), g.organization_id, row.walkthrough.id)
        people = presence.others(*place, current_user.id, now_ms())
        values: dict[str, Any] = {
            "row": row,
            "walkthrough": row.walkthrough,
            "walkthrough_id": row.walkthrough.id,
            "step_id": step.id if step else None,
            "sections": sections(row, found, people),
            "step": step,
            "typed": typed or {},
            "conflicts": {(each.step, each.field): each for each in conflicts},
            "problems": [each for each in found if each.step == (step.id if step else None)],
            "texts": TEXTS,
            "view": _view(named),
            "preview": preview_of(row, step, picture_base(row.walkthrough.id)) if step else None,
            "badge_words": state_words(state, row.live_version, has_changes=row.has_changes),
            "state": state,
            "git": git_state(db.session(), row),
            "writes": self.may_write() and row.locked is None,
            "is_archived": state is State.ARCHIVED,
            "request_id": author_id(),
            "as_of": presence.as_of(*place),
            "hash": text_hash,
            "neighbours": neighbours(row.draft),
        }
        return str(self.render("handrail/editor.html", **values))


def _view(step: str) -> str:
    """Return the view that the address names: if it names a step alone, its text."""
    view = request.args.get("view", "")
    if view in VIEWS:
        return view
    return "text" if step else "steps"


def _save(walkthrough_id: str, wanted: Request) -> Saved:
    with write_transaction() as session:
        return drafts.save(session, g.organization_id, walkthrough_id, wanted, current_user.email)


def _written(write: Callable[[Session, str], T]) -> T | None:
    """Write in one transaction; show why it was refused, and return none."""
    try:
        with write_transaction() as session:
            return write(session, g.organization_id)
    except NotFound:
        abort(404)
    except HandrailError as error:
        flash(str(error), "error")
        return None


def _back(walkthrough_id: str) -> ResponseReturnValue:
    return redirect(url_for(".index", walkthrough_id=walkthrough_id), code=303)
