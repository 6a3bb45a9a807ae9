"""The page of members."""

from __future__ import annotations

from admin.tables.model_page import OrgModelView
from walkthroughs.models import Member


class MemberView(OrgModelView):
    """People who sign in to the dashboard."""

    noun = "member"
    intro = "People who sign in to this dashboard, and their roles."
    column_list = ("user", "role", "created_at")
    column_labels = {"user": "Person", "created_at": "Since (UTC)"}
    badge_columns = ("role",)

    def __init__(self) -> None:
        super().__init__(Member, "Members", "People")
