"""Where each learner is, and the attempts that they ended by beginning again."""

from __future__ import annotations

from sqlalchemy import ForeignKeyConstraint, Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from walkthroughs.enums import ProgressStatus
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.base import Scoped, db, enum_column, org_foreign_key, org_unique_key
from walkthroughs.models.servers import McpServer, McpServerUser
from walkthroughs.models.walkthroughs import Walkthrough


class WalkthroughProgress(Scoped, db.Model):  # type: ignore[name-defined]
    """One learner's place in one walkthrough.

    No index on a column that a step call changes, and room on each page: every step call then
    updates the row in place (HOT). The key to the step waits for the end of
    the transaction and never cascades: a step cannot take progress with it.
    """

    __tablename__ = "walkthrough_progress"
    __table_args__ = (
        org_unique_key("id"),
        UniqueConstraint("mcp_server_user_id", "walkthrough_id"),
        org_foreign_key("mcp_server_user_id", "mcp_server_user"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
        org_foreign_key("mcp_server_id", "mcp_servers", ondelete=None),
        ForeignKeyConstraint(
            ["organization_id", "walkthrough_id", "current_step_id"],
            [
                "walkthrough_steps.organization_id",
                "walkthrough_steps.walkthrough_id",
                "walkthrough_steps.id",
            ],
            name="fk_walkthrough_progress_current_step_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        # By columns that no step call changes: an index on `active_at` would end updates in place.
        Index(
            "ix_walkthrough_progress_begun",
            "organization_id",
            "walkthrough_id",
            "started_at",
            "id",
        ),
        Index(None, "organization_id", "started_at", "id"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("wp"))
    mcp_server_user_id: Mapped[str]
    walkthrough_id: Mapped[str]
    #: Where they began. None once that server is deleted: a place outlives it.
    mcp_server_id: Mapped[str | None]
    current_step_id: Mapped[str]
    status: Mapped[ProgressStatus] = mapped_column(
        enum_column(ProgressStatus, "walkthrough_status"),
        default=ProgressStatus.NOT_STARTED,
        server_default="not_started",
    )
    completed_steps: Mapped[list[str]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'::jsonb")
    )
    started_at: Mapped[int | None]
    completed_at: Mapped[int | None]
    #: The version the learner last saw.
    version: Mapped[int] = mapped_column(Integer)
    #: When the learner was last shown a step; the latest one is the walkthrough they are in.
    active_at: Mapped[int] = mapped_column(default=now_ms)
    #: Calls that would have completed a step sooner after it was shown than the pace allows.
    hurried_calls: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    #: How long the step that was completed last had been shown, in milliseconds.
    step_ms: Mapped[int | None]

    mcp_server_user: Mapped[McpServerUser] = relationship(viewonly=True)
    mcp_server: Mapped[McpServer | None] = relationship(viewonly=True)
    walkthrough: Mapped[Walkthrough] = relationship(viewonly=True)

    def __str__(self) -> str:
        return f"{self.mcp_server_user} in {self.walkthrough}"


class WalkthroughAttempt(Scoped, db.Model):  # type: ignore[name-defined]
    """An attempt that ended because the learner began again. History: nothing reads a place here.

    The times are those of the progress row when it ended. Who had done steps of the walkthrough
    only elsewhere, before they moved here, started when it ended.
    """

    __tablename__ = "walkthrough_attempts"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("mcp_server_user_id", "mcp_server_user"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
        org_foreign_key("mcp_server_id", "mcp_servers", ondelete=None),
        Index(None, "mcp_server_user_id", "walkthrough_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("wa"))
    mcp_server_user_id: Mapped[str]
    walkthrough_id: Mapped[str]
    #: Where it began. None once that server is deleted.
    mcp_server_id: Mapped[str | None]
    #: The version the learner last saw.
    version: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[int]
    completed_at: Mapped[int | None]
    ended_at: Mapped[int]
    #: Row ids of the steps that stopped counting as completed, archived ones too, each once.
    completed_steps: Mapped[list[str]] = mapped_column(JSONB)

    mcp_server_user: Mapped[McpServerUser] = relationship(viewonly=True)
    mcp_server: Mapped[McpServer | None] = relationship(viewonly=True)
    walkthrough: Mapped[Walkthrough] = relationship(viewonly=True)

    def __str__(self) -> str:
        return f"{self.mcp_server_user} in {self.walkthrough}, ended"
