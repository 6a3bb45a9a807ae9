"""The fixed words that columns hold."""

from __future__ import annotations

from enum import StrEnum


class ProgressStatus(StrEnum):
    """How far a learner is in a walkthrough."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


class EventKind(StrEnum):
    """What a call changed of a learner's place."""

    STARTED = "started"
    RESUMED = "resumed"
    RESTARTED = "restarted"  # a new attempt began, and the one before it ended
    STEP = "step"  # a step was completed
    COMPLETED = "completed"  # nothing was left, for the first time in the attempt
    RESET = "reset"
    HURRIED = "hurried"  # held back by the pace of the server


class OnRewrite(StrEnum):
    """What to do when the branch no longer contains the commit that is live."""

    WARN = "warn"
    APPROVE = "approve"
    REFUSE = "refuse"


class GitHost(StrEnum):
    """Whose interface takes the statuses of commits."""

    GITHUB = "github"
    GITLAB = "gitlab"


class RunOutcome(StrEnum):
    """How a run ended."""

    APPLIED = "applied"
    WAITING = "waiting"  # for approval
    FAILED = "failed"


class ProposalState(StrEnum):
    """What became of a change that was proposed to a repository."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"  # its branch is gone, and the change is not in the source's branch


class AuthType(StrEnum):
    """How a server learns who is calling."""

    PERSONAL_LINK = "personal_link"
    OAUTH = "oauth"  # with a code that is sent by e-mail; personal links work there as well
    OIDC = "oidc"  # at a provider of the organization; personal links work there as well


class SignIn(StrEnum):
    """When a server with sign-in asks for it."""

    AT_CONNECT = "at_connect"
    WHEN_NEEDED = "when_needed"  # to list is anonymous


class TokenKind(StrEnum):
    """What a token of a sign-in is for."""

    ACCESS = "access"
    REFRESH = "refresh"


class Role(StrEnum):
    """What a member may do."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class SyncTrigger(StrEnum):
    """What started a run of a content source."""

    POLL = "poll"
    WEBHOOK = "webhook"
    DASHBOARD = "dashboard"
    COMMAND = "command"


class AuditPlace(StrEnum):
    """From where something was changed."""

    DASHBOARD = "dashboard"
    COMMAND_LINE = "command line"
    GIT = "Git"


class Theme(StrEnum):
    """The colours of the dashboard: those of the person's system, light ones, or dark ones."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
