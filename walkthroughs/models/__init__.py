"""The tables. Columns, constraints and facts about one row; no queries."""

from walkthroughs.models.base import Base, db
from walkthroughs.models.progress import Status, WalkthroughProgress
from walkthroughs.models.servers import (
    AuthType,
    McpServer,
    McpServerUser,
    McpServerWalkthrough,
    PersonalLink,
)
from walkthroughs.models.sources import ContentSource, OnRewrite, Outcome, Reports, SyncRun
from walkthroughs.models.tenancy import Member, Organization, Role, User
from walkthroughs.models.walkthroughs import (
    Walkthrough,
    WalkthroughStep,
    WalkthroughVersion,
)

__all__ = [
    "AuthType",
    "Base",
    "ContentSource",
    "McpServer",
    "McpServerUser",
    "McpServerWalkthrough",
    "Member",
    "OnRewrite",
    "Organization",
    "Outcome",
    "PersonalLink",
    "Reports",
    "Role",
    "Status",
    "SyncRun",
    "User",
    "Walkthrough",
    "WalkthroughProgress",
    "WalkthroughStep",
    "WalkthroughVersion",
    "db",
]
