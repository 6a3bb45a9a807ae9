"""Who signs in to the dashboard."""

from __future__ import annotations

from admin.pages.model_page import OrgModelView
from walkthroughs.models import Member


class MemberView(OrgModelView):
    """Who signs in here."""

    noun = "member"
    intro = "Who signs in here, and what they may do."
    column_list = ("user", "role", "created_at")
    column_labels = {"user": "Person", "created_at": "Since (UTC)"}
    badge_columns = ("role",)

    def __init__(self) -> None:
        super().__init__(Member, "Members", "People")
