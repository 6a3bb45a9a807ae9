"""The tables. Columns, constraints and facts about one row; no queries."""

from walkthroughs.models.base import Base, db
from walkthroughs.models.progress import Status, WalkthroughAttempt, WalkthroughProgress
from walkthroughs.models.servers import (
    DEFAULT_PACE_SECONDS,
    MAX_PACE_SECONDS,
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
    "DEFAULT_PACE_SECONDS",
    "MAX_PACE_SECONDS",
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
    "WalkthroughAttempt",
    "WalkthroughProgress",
    "WalkthroughStep",
    "WalkthroughVersion",
    "db",
]
