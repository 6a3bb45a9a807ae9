"""Changes of walkthroughs that were proposed to the repositories that own them."""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from walkthroughs.enums import ProposalState
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.base import (
    Scoped,
    Timestamped,
    db,
    enum_column,
    org_foreign_key,
    org_unique_key,
)
from walkthroughs.models.sources import ContentSource
from walkthroughs.models.walkthroughs import Walkthrough


class Proposal(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A branch with a change of one walkthrough, until it is merged or closed."""

    __tablename__ = "proposals"
    __table_args__ = (
        org_unique_key("id"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
        org_foreign_key("source_id", "content_sources"),
        Index(
            "uq_proposals_one_open",
            "walkthrough_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index(None, "organization_id", "walkthrough_id", "created_at"),
        Index(None, "source_id", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("prp"))
    walkthrough_id: Mapped[str]
    source_id: Mapped[str]
    branch: Mapped[str]
    #: The last commit of ours on the branch, and the commit of the source that it began at.
    git_commit: Mapped[str]
    base_commit: Mapped[str]
    #: Who proposed last, as `Name <e-mail>`.
    author: Mapped[str]
    #: `WalkthroughContent.digest()` of what was proposed last.
    digest: Mapped[str]
    state: Mapped[ProposalState] = mapped_column(
        enum_column(ProposalState, "proposal_state"), default=ProposalState.OPEN
    )
    updated_at: Mapped[int] = mapped_column(default=now_ms)

    walkthrough: Mapped[Walkthrough] = relationship(
        viewonly=True, primaryjoin="foreign(Proposal.walkthrough_id) == Walkthrough.id"
    )
    source: Mapped[ContentSource] = relationship(
        viewonly=True, primaryjoin="foreign(Proposal.source_id) == ContentSource.id"
    )

    def __str__(self) -> str:
        return f"{self.branch}, {self.state}"
