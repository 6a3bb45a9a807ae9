"""All texts of a step as one, as its file in a repository has them below its front matter."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user

from admin.git_lock import locked_by_git
from admin.pages.editor.content import chosen_step
from admin.pages.editor.form import STEP, request_from_form
from admin.pages.editor.own_draft import draft_or_404
from admin.pages.page import Page
from admin.saving import write_transaction
from walkthroughs.content.draft import DraftStep, text_hash
from walkthroughs.content.draft_outcome import Conflict
from walkthroughs.content.whole_text import TEXTS, texts_of, whole_text
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.ids import author_id
from walkthroughs.publishing import drafts
from walkthroughs.publishing.draft_rows import DraftRow


class FilePage(Page):
    """Write the three texts of a step as one. It is saved as a whole, by its button."""

    def __init__(self) -> None:
        super().__init__("As one file", "step_file", "walkthroughs/<walkthrough_id>/file")

    @expose("/", methods=("GET", "POST"))
    def index(self, walkthrough_id: str) -> ResponseReturnValue:
        """Show the step that `step` names; save it if the form is sent."""
        row = draft_or_404(walkthrough_id)
        step = chosen_step(row.draft.steps, request.values.get("step", ""))
        if step is None:
            abort(404)
        if request.method == "GET":
            return self._page(row, step)
        try:
            wanted = request_from_form(_fields(step, request.form), row.draft.revision)
            with write_transaction() as session:
                saved = drafts.save(
                    session, g.organization_id, walkthrough_id, wanted, current_user.email
                )
        except NotFound:
            abort(404)
        except HandrailError as error:
            flash(str(error), "error")
            return self._page(draft_or_404(walkthrough_id), step, request.form), 409
        if saved.applied.conflicts:
            flash("Nothing is saved yet: somebody else changed this step meanwhile.", "error")
            row = draft_or_404(walkthrough_id)
            return self._page(row, step, request.form, saved.applied.conflicts), 409
        return redirect(
            url_for("editor.index", walkthrough_id=walkthrough_id, step=step.id), code=303
        )

    def _page(
        self,
        row: DraftRow,
        step: DraftStep,
        typed: Mapping[str, str] | None = None,
        conflicts: Collection[Conflict] = (),
    ) -> str:
        """Show the text, or what was *typed*; *conflicts* with what the others wrote."""
        whole = whole_text(step)
        seen = {name: (typed or {}).get(f"seen-{STEP}{name}") for name in TEXTS}
        seen |= {each.field: text_hash(each.theirs or "") for each in conflicts}
        return str(
            self.render(
                "handrail/step_file.html",
                row=row,
                walkthrough_id=row.walkthrough.id,
                step=step,
                whole=(typed or {}).get("whole", whole),
                seen={name: seen[name] or text_hash(getattr(step, name)) for name in TEXTS},
                conflicts=conflicts,
                locked=locked_by_git(row.walkthrough),
                writes=self.may_write() and row.locked is None and whole is not None,
                request_id=author_id(),
            )
        )


def _fields(step: DraftStep, form: Mapping[str, str]) -> dict[str, str]:
    """Return what the editor's own form would send for the text of this one."""
    fields = {"step": step.id, "request_id": form.get("request_id", "")}
    for name, value in texts_of(form.get("whole", ""), step).items():
        for prefix in ("seen-", "resolves-"):
            if (key := f"{prefix}{STEP}{name}") in form:
                fields[key] = form[key]
        fields[STEP + name] = value
    return fields
