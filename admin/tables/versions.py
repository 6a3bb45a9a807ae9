"""The page of published versions."""

from __future__ import annotations

from admin.tables.model_page import OrgModelView
from walkthroughs.models import WalkthroughVersion


class VersionView(OrgModelView):
    """Published changes, with their time and author."""

    noun = "version"
    intro = "Every published change, newest first."
    column_list = ("summary", "walkthrough", "number", "level", "author", "created_at")
    column_labels = {
        "number": "Version",
        "created_at": "Published (UTC)",
        "summary": "What changed",
    }
    column_details_list = (*column_list, "note", "git_commit")
    column_default_sort = ("created_at", True)
    badge_columns = ("level",)

    def __init__(self) -> None:
        super().__init__(WalkthroughVersion, "Versions", "Content")
