"""What others write and the dashboard only shows: content sources and versions."""

from __future__ import annotations

from admin.base import OrgModelView
from walkthroughs.models import ContentSource, WalkthroughVersion


class SourceView(OrgModelView):
    """Git repositories that own walkthroughs."""

    noun = "content source"
    lead = "Git repositories whose walkthroughs appear here by themselves."
    column_list = ("name", "branch", "path", "synced_commit", "synced_at", "problems")
    column_details_list = (
        "name",
        "url",
        "branch",
        "path",
        "synced_commit",
        "synced_at",
        "problems",
    )
    column_searchable_list = ("name",)

    def __init__(self) -> None:
        super().__init__(ContentSource, "Git sync", "Content")


class VersionView(OrgModelView):
    """What was published when, and by whom."""

    noun = "version"
    lead = "Every published change, newest first."
    column_list = ("summary", "walkthrough", "number", "level", "author", "created_at")
    column_labels = {
        "number": "Version",
        "created_at": "Published (UTC)",
        "summary": "What changed",
    }
    column_details_list = (*column_list, "git_commit")
    column_default_sort = ("created_at", True)
    marks = ("level",)

    def __init__(self) -> None:
        super().__init__(WalkthroughVersion, "Versions", "Content")
