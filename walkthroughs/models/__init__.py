"""The tables. Columns, constraints and facts about one row; no queries."""

from walkthroughs.models.audit import AuditEvent
from walkthroughs.models.base import Base, db
from walkthroughs.models.drafts import KeptCopy, WalkthroughDraft
from walkthroughs.models.events import (
    ActiveDay,
    EventDay,
    ServerDay,
    tool_events,
    tool_events_incoming,
)
from walkthroughs.models.invitations import Invitation
from walkthroughs.models.learner_counts import PeriodNumbers, ServerLearners, WalkthroughLearners
from walkthroughs.models.oauth import ClientDocument, OAuthCode, OAuthGrant, OAuthToken
from walkthroughs.models.oidc import LearnerIdentity, OidcProvider, OidcSignIn
from walkthroughs.models.presence import EditorPresence
from walkthroughs.models.progress import WalkthroughAttempt, WalkthroughProgress
from walkthroughs.models.proposals import Proposal
from walkthroughs.models.search_words import SearchWords
from walkthroughs.models.servers import (
    DEFAULT_PACE_SECONDS,
    MAX_PACE_SECONDS,
    McpServer,
    McpServerUser,
    McpServerWalkthrough,
    PersonalLink,
    ServerCall,
)
from walkthroughs.models.sign_in import LearnerSession, RequestCount, SignInCode
from walkthroughs.models.sources import ContentSource, SyncRun
from walkthroughs.models.stored_values import Approval, AwaitingApproval, PendingChange
from walkthroughs.models.tenancy import Member, Organization, SignInFailure, User, UserSession
from walkthroughs.models.walkthroughs import (
    Walkthrough,
    WalkthroughImage,
    WalkthroughStep,
    WalkthroughVersion,
)

__all__ = [
    "DEFAULT_PACE_SECONDS",
    "MAX_PACE_SECONDS",
    "ActiveDay",
    "Approval",
    "AuditEvent",
    "AwaitingApproval",
    "Base",
    "ClientDocument",
    "ContentSource",
    "EditorPresence",
    "EventDay",
    "Invitation",
    "KeptCopy",
    "LearnerIdentity",
    "LearnerSession",
    "McpServer",
    "McpServerUser",
    "McpServerWalkthrough",
    "Member",
    "OAuthCode",
    "OAuthGrant",
    "OAuthToken",
    "OidcProvider",
    "OidcSignIn",
    "Organization",
    "PendingChange",
    "PeriodNumbers",
    "PersonalLink",
    "Proposal",
    "RequestCount",
    "SearchWords",
    "ServerCall",
    "ServerDay",
    "ServerLearners",
    "SignInCode",
    "SignInFailure",
    "SyncRun",
    "User",
    "UserSession",
    "Walkthrough",
    "WalkthroughAttempt",
    "WalkthroughDraft",
    "WalkthroughImage",
    "WalkthroughLearners",
    "WalkthroughProgress",
    "WalkthroughStep",
    "WalkthroughVersion",
    "db",
    "tool_events",
    "tool_events_incoming",
]
