"""Pages of content sources and their runs."""

from __future__ import annotations

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_security import current_user

from admin.pages.model_page import OrgModelView
from admin.saving import write_transaction
from sync import queue
from sync.planning.report import approve_command
from sync.status import sync_and_health
from walkthroughs.enums import Role
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, SyncRun


class SourceView(OrgModelView):
    """Git repositories that own walkthroughs."""

    noun = "content source"
    intro = "Git repositories whose walkthroughs appear here by themselves."
    writers = frozenset({Role.OWNER})
    column_list = ("name", "sync", "health", "branch", "synced_commit", "checked_at")
    column_labels = {
        "sync": "State",
        "synced_commit": "Live commit",
        "newest_commit": "Newest commit",
        "url": "Address",
        "path": "Folder",
        "on_rewrite": "When the branch is rewritten",
    }
    column_formatters = {
        "sync": lambda _v, _c, row, _n: sync_and_health(row)[0].value,
        "health": lambda _v, _c, row, _n: sync_and_health(row)[1].value,
        "synced_commit": lambda _v, _c, row, _n: (row.synced_commit or "")[:10],
        "newest_commit": lambda _v, _c, row, _n: (row.newest_commit or "")[:10],
    }
    column_details_list = (
        "sync", "health", "url", "branch", "path", "synced_commit", "synced_at", "newest_commit",
        "checked_at", "on_rewrite",
    )  # fmt: skip
    column_searchable_list = ("name",)
    column_sortable_list = ("name", "branch", "checked_at")
    badge_columns = ("sync", "health")
    approve_command = staticmethod(approve_command)
    is_blocked_by_hold = staticmethod(queue.is_blocked_by_hold)
    details_template = "handrail/source.html"

    def __init__(self) -> None:
        super().__init__(ContentSource, "Git sync", "Content")

    @expose("/sync/", methods=("POST",))
    def sync_view(self) -> ResponseReturnValue:
        """Request a run."""
        source = self.get_one(request.args.get("id", ""))
        with write_transaction() as session:
            queue.request_sync(session, source.organization_id, source.id)
        flash("Sync requested.", "success")
        return redirect(self.get_url(".details_view", id=source.id))

    @expose("/approve/", methods=("POST",))
    def approve_view(self) -> ResponseReturnValue:
        """Approve exactly the plan that the page showed; a worker applies it."""
        source = self.get_one(request.args.get("id", ""))
        with write_transaction() as session:
            row = session.get_one(ContentSource, source.id, with_for_update=True)
            fingerprint = request.form.get("fingerprint", "")
            approved = queue.approve(session, row, fingerprint, current_user.email)
        if approved:
            flash("Approved. A worker applies it now.", "success")
        else:
            flash("That plan is no longer waiting. Reload to see the current one.", "error")
        return redirect(self.get_url(".details_view", id=source.id))

    @expose("/hold/", methods=("POST",))
    def hold_view(self) -> ResponseReturnValue:
        """Hold the source, or resume it; in both cases request a run."""
        source = self.get_one(request.args.get("id", ""))
        held = bool(request.form.get("held"))
        with write_transaction() as session:
            row = session.get_one(ContentSource, source.id, with_for_update=True)
            row.held_at = now_ms() if held else None
            queue.request_sync(session, source.organization_id, source.id)
        flash("Held: new commits are not applied." if held else "Resumed.", "success")
        return redirect(self.get_url(".details_view", id=source.id))


class RunView(OrgModelView):
    """Runs of content sources."""

    noun = "run"
    intro = "Runs of content sources and their results, newest first."
    column_list = ("git_commit", "source", "outcome", "trigger", "actor", "started_at", "message")
    column_labels = {"git_commit": "Commit"}
    column_formatters = {"git_commit": lambda _v, _c, row, _n: (row.git_commit or "none")[:10]}
    column_details_list = (*column_list, "finished_at", "changes", "problem_count")
    column_default_sort = ("started_at", True)
    column_sortable_list = ("started_at", "outcome", "trigger")
    badge_columns = ("outcome",)

    def __init__(self) -> None:
        super().__init__(SyncRun, "Runs", "Content")
