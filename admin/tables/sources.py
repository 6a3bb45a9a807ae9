"""Tables of content sources and their runs."""

from __future__ import annotations

from admin.access.roles import OWNERS
from admin.tables.model_page import OrgModelView
from sync.status import sync_and_health
from walkthroughs.models import ContentSource, SyncRun


class SourceView(OrgModelView):
    """Git repositories that own walkthroughs."""

    noun = "content source"
    intro = "Git repositories whose walkthroughs appear here by themselves."
    writers = OWNERS
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

    def __init__(self) -> None:
        super().__init__(ContentSource, "Git sync", "Content")


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
