"""Content sources: the state of each, what waits, what ran, what is wrong, and going back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user
from sqlalchemy import select

from admin.access.roles import OWNERS
from admin.pages.git.rows import (
    TABS,
    find_source,
    read_problems,
    read_runs,
    read_sources,
    state_of,
    tab_values,
)
from admin.pages.page import Page
from admin.queries import page_number
from admin.saving import write_transaction
from sync import queue
from sync.planning.report import approve_command
from sync.preview import Preview, SourceBusy, preview_commit
from walkthroughs.enums import RunOutcome
from walkthroughs.errors import HandrailError
from walkthroughs.models import ContentSource, SyncRun, db
from walkthroughs.runtime import runtime


class GitPage(Page):
    """The repositories that own walkthroughs. Owners act on them; all members look."""

    reads = frozenset({"index", "source"})
    writers = OWNERS

    def __init__(self) -> None:
        super().__init__("Git", "git", "git")

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Show every source and its state."""
        sources = read_sources(db.session(), g.organization_id)
        return str(self.render("handrail/git.html", sources=sources, state_of=state_of))

    @expose("/<source_id>/")
    def source(self, source_id: str) -> ResponseReturnValue:
        """Show one source; `tab` says which side. A script asks for the plan's words apart."""
        row = find_source(source_id)
        if request.headers.get("HX-Target") == "changes":
            return str(self.render("handrail/git_changes.html", **_preview(row)))
        tab = request.args.get("tab", "")
        tab = tab if tab in TABS else "plan"
        values = tab_values(row, tab) | _WHAT_TABS_SHOW[tab](row)
        return str(self.render(f"handrail/git_{tab}.html", **values))

    @expose("/<source_id>/sync", methods=("POST",))
    def sync(self, source_id: str) -> ResponseReturnValue:
        """Request a run. It only plans while the source is held."""
        row = find_source(source_id)
        with write_transaction() as session:
            queue.request_sync(session, row.organization_id, row.id)
        flash("Sync requested. Reload in a moment to see what it found.", "success")
        return _back(source_id)

    @expose("/<source_id>/approve", methods=("POST",))
    def approve(self, source_id: str) -> ResponseReturnValue:
        """Approve exactly the plan that the page showed; a worker applies it."""
        row = find_source(source_id)
        with write_transaction() as session:
            locked = session.get_one(ContentSource, row.id, with_for_update=True)
            fingerprint = request.form.get("fingerprint", "")
            approved = queue.approve(session, locked, fingerprint, current_user.email)
        if approved:
            flash("Approved. A worker applies it now.", "success")
        else:
            flash("That plan is no longer waiting. This is the current one.", "error")
        return _back(source_id)

    @expose("/<source_id>/hold", methods=("POST",))
    def hold(self, source_id: str) -> ResponseReturnValue:
        """Hold the source, or resume it; in both cases request a run."""
        row, held = find_source(source_id), bool(request.form.get("held"))
        with write_transaction() as session:
            locked = session.get_one(ContentSource, row.id, with_for_update=True)
            if held:
                locked.hold(current_user.email, request.form.get("reason", ""))
            else:
                locked.resume()
            queue.request_sync(session, row.organization_id, row.id)
        flash("Held: new commits are not applied." if held else "Resumed.", "success")
        return _back(source_id)

    @expose("/<source_id>/back", methods=("GET", "POST"))
    def back(self, source_id: str) -> ResponseReturnValue:
        """Show what going back to the commit of a run would change; then do exactly that."""
        row = find_source(source_id)
        run = _applied_run(row, request.values.get("run", ""))
        if request.method == "POST":
            fingerprint = request.form.get("fingerprint", "")[:64] or abort(400)
            with write_transaction() as session:
                locked = session.get_one(ContentSource, row.id, with_for_update=True)
                queue.approve_rollback(
                    session, locked, run.git_commit, fingerprint, current_user.email
                )
            flash(
                f"Going back to {run.git_commit[:7]}, unless something changed since you looked. "
                "The source is held there until you resume it.",
                "success",
            )
            return _back(source_id)
        values = {"source": row, "run": run, **_preview(row, run.git_commit)}
        return str(self.render("handrail/git_back.html", **values))


def _applied_run(row: ContentSource, run_id: str) -> Any:  # noqa: ANN401  a run with a commit
    query = select(SyncRun).where(
        SyncRun.organization_id == g.organization_id,
        SyncRun.source_id == row.id,
        SyncRun.id == run_id,
        SyncRun.outcome == RunOutcome.APPLIED,
        SyncRun.git_commit.is_not(None),
    )
    return db.session.scalar(query) or abort(404)


def _back(source_id: str) -> ResponseReturnValue:
    return redirect(url_for(".source", source_id=source_id), code=303)


def _preview(row: ContentSource, back_to: str | None = None) -> dict[str, Any]:
    """Return what the plan that waits, or the newest commit, changes; or why that is not known."""
    waiting = row.awaiting_approval
    rollback = back_to or (waiting.to if waiting else None)
    commit = rollback or (waiting.commit if waiting else row.newest_commit)
    shown: dict[str, Any] = {"source": row, "preview": None, "fault": None, "outdated": False}
    if commit is None:
        return shown
    parts = runtime()
    try:
        found: Preview = preview_commit(
            parts.database, parts.settings, row, commit, is_rollback=rollback is not None
        )
    except SourceBusy as busy:
        return shown | {"fault": str(busy), "is_busy": True}
    except HandrailError as error:
        return shown | {"fault": str(error)}
    outdated = not back_to and waiting and waiting.fingerprint != found.plan.fingerprint
    return shown | {"preview": found, "outdated": bool(outdated)}


def _plan_tab(row: ContentSource) -> dict[str, Any]:
    waiting = row.awaiting_approval
    values: dict[str, Any] = {"is_blocked": queue.is_blocked_by_hold(row)}
    if waiting:
        values["command"] = approve_command(row.name, waiting.fingerprint, waiting.to)
    if "changes" in request.args:
        values |= _preview(row)
    return values


def _runs_tab(row: ContentSource) -> dict[str, Any]:
    page = page_number(request.args.get("page", ""))
    runs, has_older = read_runs(db.session(), row, page)
    return {"runs": runs, "page": page, "has_older": has_older}


_WHAT_TABS_SHOW: dict[str, Callable[[ContentSource], dict[str, Any]]] = {
    "plan": _plan_tab,
    "runs": _runs_tab,
    "problems": lambda row: {"groups": read_problems(db.session(), row)},
    "settings": lambda row: {},
}
