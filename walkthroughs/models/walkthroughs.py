"""Walkthroughs, their steps as one chain, the history of versions, and pictures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    UniqueConstraint,
    column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models.base import Scoped, Timestamped, db, org_foreign_key, org_unique_key
from walkthroughs.models.sources import ContentSource

# Written as PostgreSQL gives it back, so that both can be compared.
_SEARCH_WORDS = (
    "(setweight(to_tsvector('english'::regconfig, title), 'A'::\"char\") || "
    "setweight(to_tsvector('english'::regconfig, COALESCE(description, ''::text)), 'B'::\"char\"))"
)


class Walkthrough(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """What learners are led through. Text and order change only by publishing."""

    __tablename__ = "walkthroughs"
    __table_args__ = (
        org_unique_key("id"),
        UniqueConstraint("organization_id", "source_id", "external_id"),
        org_foreign_key(
            "source_id", "content_sources", ondelete=None, deferrable=True, initially="DEFERRED"
        ),
        ForeignKeyConstraint(
            ["organization_id", "id", "first_step_id"],
            [
                "walkthrough_steps.organization_id",
                "walkthrough_steps.walkthrough_id",
                "walkthrough_steps.id",
            ],
            name="fk_walkthroughs_first_step_id",
            use_alter=True,
            deferrable=True,
            initially="DEFERRED",
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("wt"))
    title: Mapped[str]
    description: Mapped[str | None]
    updated_at: Mapped[int] = mapped_column(default=now_ms, onupdate=now_ms)
    first_step_id: Mapped[str | None]
    version: Mapped[int] = mapped_column(Integer, default=1)
    is_published: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[int | None]
    tags: Mapped[list[str]] = mapped_column(JSONB, default=list, server_default=text("'[]'::jsonb"))
    estimated_minutes: Mapped[int | None] = mapped_column(Integer)
    step_count: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    #: The author's id. Unique in its source; for dashboard content, the row's own id.
    external_id: Mapped[str]
    #: The content source that owns it; none when the dashboard does.
    source_id: Mapped[str | None]
    #: Its folder in the source, and the Git tree that is live: an equal one needs no reading.
    folder: Mapped[str | None]
    git_tree: Mapped[str | None]
    #: `WalkthroughContent.digest()` of the live version.
    digest: Mapped[str]

    #: What `list_walkthroughs` searches. Kept by PostgreSQL, since making it is the slow part.
    #: Rows are loaded without it.
    search_words: Mapped[str | None] = mapped_column(
        TSVECTOR, Computed(_SEARCH_WORDS, persisted=True), deferred=True
    )

    source: Mapped[ContentSource | None] = relationship(viewonly=True)
    steps: Mapped[list[WalkthroughStep]] = relationship(
        viewonly=True,
        primaryjoin="and_(Walkthrough.id == foreign(WalkthroughStep.walkthrough_id),"
        " WalkthroughStep.archived_at.is_(None))",
        order_by="WalkthroughStep.display_order",
    )

    def __str__(self) -> str:
        return self.title


class WalkthroughStep(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """One step. Live steps of a walkthrough form one chain in `display_order`.

    One chain, because: each live step but one has a next step (exclusion), no
    step is next of two (unique), and order grows along the chain (trigger).
    Archived steps are on no chain; learners' completions of them stay.
    """

    __tablename__ = "walkthrough_steps"
    __table_args__ = (
        org_unique_key("walkthrough_id", "id"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
        ForeignKeyConstraint(
            ["organization_id", "walkthrough_id", "next_step_id"],
            [
                "walkthrough_steps.organization_id",
                "walkthrough_steps.walkthrough_id",
                "walkthrough_steps.id",
            ],
            name="fk_walkthrough_steps_next_step_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        UniqueConstraint("next_step_id", deferrable=True, initially="DEFERRED"),
        UniqueConstraint("walkthrough_id", "external_id", "revision"),
        ExcludeConstraint(
            (column("walkthrough_id"), "="),
            using="btree",
            where=text("next_step_id IS NULL AND archived_at IS NULL"),
            name="ex_walkthrough_steps_one_last",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index(
            None,
            "predecessor_ids",
            postgresql_using="gin",
            postgresql_where=text("predecessor_ids <> '[]'"),
        ),
        CheckConstraint(
            "archived_at IS NULL OR next_step_id IS NULL", name="archived_is_off_the_chain"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("ws"))
    walkthrough_id: Mapped[str]
    title: Mapped[str]
    section_title: Mapped[str | None]
    content: Mapped[str]
    agent_instructions: Mapped[str | None]
    verify: Mapped[str | None]
    next_step_id: Mapped[str | None]
    display_order: Mapped[int] = mapped_column(Integer, default=0)
    external_id: Mapped[str]
    revision: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"))
    archived_at: Mapped[int | None]
    #: Row ids of steps, of other walkthroughs mostly, that became this one: all of them, oldest
    #: ones too. Who completed one of them has completed this step.
    predecessor_ids: Mapped[list[str]] = mapped_column(
        JSONB, default=list, server_default=text("'[]'::jsonb")
    )

    walkthrough: Mapped[Walkthrough] = relationship(
        viewonly=True, primaryjoin="foreign(WalkthroughStep.walkthrough_id) == Walkthrough.id"
    )

    def __str__(self) -> str:
        return self.title


class WalkthroughVersion(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """One published version: what it held, what changed, and who changed it."""

    __tablename__ = "walkthrough_versions"
    __table_args__ = (
        org_unique_key("id"),
        UniqueConstraint("walkthrough_id", "number"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=id_factory("wv"))
    walkthrough_id: Mapped[str]
    number: Mapped[int] = mapped_column(Integer)
    level: Mapped[str]
    summary: Mapped[str]
    digest: Mapped[str]
    #: Row ids of the steps, in order.
    step_ids: Mapped[list[str]] = mapped_column(JSONB)
    git_commit: Mapped[str | None]
    author: Mapped[str | None]
    #: What the author said of it when they published.
    note: Mapped[str | None]
    #: Its texts, as `content_json` makes them. None while it is live, since the steps have them,
    #: and for what was replaced before texts were kept.
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), deferred=True)

    walkthrough: Mapped[Walkthrough] = relationship(viewonly=True)

    def __str__(self) -> str:
        return f"{self.walkthrough}, version {self.number}"


class WalkthroughImage(Timestamped, Scoped, db.Model):  # type: ignore[name-defined]
    """A picture that a version of a walkthrough names, by what it holds."""

    __tablename__ = "walkthrough_images"
    __table_args__ = (
        PrimaryKeyConstraint("organization_id", "walkthrough_id", "sha256"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
        Index(None, "organization_id", "sha256"),
        CheckConstraint("octet_length(data) <= 1048576", name="at_most_one_mebibyte"),
    )

    walkthrough_id: Mapped[str]
    #: Of `data`, in hexadecimal digits, and the kind of picture: `walkthroughs.content.pictures`.
    sha256: Mapped[str]
    extension: Mapped[str]
    data: Mapped[bytes]
