"""Numbers of learners that were counted beforehand, because it takes long to count many."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, PrimaryKeyConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from walkthroughs.models.base import Scoped, db, org_foreign_key


class WalkthroughLearners(Scoped, db.Model):  # type: ignore[name-defined]
    """Where the learners of a walkthrough were when they were counted. Only of large ones."""

    __tablename__ = "walkthrough_learners"
    __table_args__ = (
        PrimaryKeyConstraint("organization_id", "walkthrough_id"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
    )

    walkthrough_id: Mapped[str]
    #: All that have a place in it, and of these who have finished.
    learners: Mapped[int] = mapped_column(Integer)
    completed: Mapped[int] = mapped_column(Integer)
    #: Row id of a step -> who stand on it and have not finished.
    standing: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: Version -> who saw it last.
    versions: Mapped[dict[str, Any]] = mapped_column(JSONB)
    #: Of those who stand on a step, who did anything in the last 14 days.
    active: Mapped[int] = mapped_column(Integer)
    counted_at: Mapped[int]


class ServerLearners(Scoped, db.Model):  # type: ignore[name-defined]
    """How many learners were active on a server in a week, of organizations with many."""

    __tablename__ = "server_learners"
    __table_args__ = (
        PrimaryKeyConstraint("organization_id", "mcp_server_id"),
        org_foreign_key("mcp_server_id", "mcp_servers"),
    )

    mcp_server_id: Mapped[str]
    active: Mapped[int] = mapped_column(Integer)
    counted_at: Mapped[int]
