"""Git repositories that own walkthroughs, and what was done with their commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from walkthroughs.content.problems import Problem
from walkthroughs.enums import GitHost, OnRewrite, RunOutcome
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.base import (
    Scoped,
    Timestamped,
    db,
    enum_column,
    org_foreign_key,
    org_unique_key,
)
from walkthroughs.models.stored_values import (
    Approval,
    AwaitingApproval,
    PendingChange,
    StoredValue,
    StoredValues,
)

#: The letters that are kept of why a source is held.
MAX_REASON = 300


class ContentSource(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A Git repository (url, branch, folder) that owns some walkthroughs."""

    __tablename__ = "content_sources"
    __table_args__ = (
        org_unique_key("id"),
        UniqueConstraint("organization_id", "name"),
        # Makes the number a part of a key: see `sync.fence`.
        UniqueConstraint("id", "run_number"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("src"))
    name: Mapped[str]
    url: Mapped[str]
    branch: Mapped[str] = mapped_column(default="main")
    path: Mapped[str] = mapped_column(default="")
    #: Encrypted (`crypto`): an access token, or a deploy key with its known hosts.
    credential: Mapped[str | None]
    #: Sealed: what push notifications are signed with.
    webhook_secret: Mapped[str | None]
    #: Hash of the token that may ask what a folder would change; none means that no token may.
    check_token_hash: Mapped[str | None]
    #: How often to look; none means the installation's own.
    interval_seconds: Mapped[int | None] = mapped_column(Integer)
    on_rewrite: Mapped[OnRewrite] = mapped_column(
        enum_column(OnRewrite, "on_rewrite"), default=OnRewrite.WARN, server_default="warn"
    )
    #: The kind of host that gets the result of each commit; none means no host.
    host_kind: Mapped[GitHost | None] = mapped_column(enum_column(GitHost, "git_host"))
    #: Nothing is applied while it is held; by whom, and why, as they said.
    held_at: Mapped[int | None]
    held_by: Mapped[str | None]
    held_reason: Mapped[str | None]
    #: When a notification came last that was signed with the present webhook secret.
    webhook_called_at: Mapped[int | None]
    #: The last commit that was carried out; moved last, so a crash repeats work.
    synced_commit: Mapped[str | None]
    synced_at: Mapped[int | None]
    #: The newest commit seen, and when the branch was last looked at.
    newest_commit: Mapped[str | None]
    checked_at: Mapped[int | None]
    #: When a run was requested that is not answered yet, one more for each further request, and
    #: the request that the last run answered.
    requested_at: Mapped[int | None]
    answered_request_at: Mapped[int | None]
    #: The number of the last run that may write. See `sync.fence`.
    run_number: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Why the repository cannot be read; none when it can.
    error: Mapped[str | None]
    #: The plan that needs an approval before it is applied.
    awaiting_approval: Mapped[AwaitingApproval | None] = mapped_column(
        StoredValue(AwaitingApproval)
    )
    #: The approval that was given in the dashboard; the next run uses it.
    approval: Mapped[Approval | None] = mapped_column(StoredValue(Approval))
    #: What the newest commit seen would change and was not applied yet.
    pending_changes: Mapped[Sequence[PendingChange]] = mapped_column(
        StoredValues(PendingChange), default=(), server_default=text("'[]'::jsonb")
    )
    #: Problems of the newest commit seen.
    problems: Mapped[Sequence[Problem]] = mapped_column(
        StoredValues(Problem), default=(), server_default=text("'[]'::jsonb")
    )

    #: Only where it is asked for, as a claim does.
    has_open_proposals: Mapped[bool | None] = query_expression()

    def hold(self, by: str, reason: str = "") -> None:
        """Hold it; if it is held already, since then, by *by* and for this reason from now on."""
        self.held_at = self.held_at or now_ms()
        self.held_by, self.held_reason = by, " ".join(reason.split())[:MAX_REASON] or None

    def resume(self) -> None:
        """Let new commits be applied again."""
        self.held_at = self.held_by = self.held_reason = None

    def __str__(self) -> str:
        return self.name


class SyncRun(Scoped, db.Model):  # type: ignore[name-defined]
    """One run of a source that changed something, or could not."""

    __tablename__ = "sync_runs"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("source_id", "content_sources"),
        Index(None, "source_id", "started_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("run"))
    source_id: Mapped[str]
    git_commit: Mapped[str | None]
    #: What set it off (poll, webhook, dashboard, command), and whose commit or command it was.
    trigger: Mapped[str]
    actor: Mapped[str | None]
    started_at: Mapped[int] = mapped_column(default=now_ms)
    finished_at: Mapped[int]
    outcome: Mapped[RunOutcome] = mapped_column(enum_column(RunOutcome, "sync_outcome"))
    #: One line for each change, as the plan words it.
    changes: Mapped[list[str]] = mapped_column(JSONB)
    problem_count: Mapped[int] = mapped_column(Integer)
    message: Mapped[str | None]

    source: Mapped[ContentSource] = relationship(viewonly=True)

    def __str__(self) -> str:
        return f"{(self.git_commit or 'no commit')[:10]}, {self.outcome}"
