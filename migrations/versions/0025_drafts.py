"""Walkthroughs have drafts, and texts that were put aside are kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "walkthrough_drafts",
        *_text("organization_id", "walkthrough_id", "updated_by"),
        sa.Column("content", JSONB(), nullable=True),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        *_times("created_at", "updated_at"),
        *_walls(),
        sa.PrimaryKeyConstraint("walkthrough_id"),
    )
    op.create_table(
        "kept_copies",
        *_text("id", "organization_id", "walkthrough_id", "reason", "author"),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("content", JSONB(), nullable=False),
        *_times("created_at"),
        *_walls(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "id"),
    )
    op.create_index(
        op.f("ix_kept_copies_walkthrough_id_created_at"),
        "kept_copies",
        ["walkthrough_id", "created_at"],
    )


def downgrade() -> None:
    op.drop_table("kept_copies")
    op.drop_table("walkthrough_drafts")


def _text(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _walls() -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id", "walkthrough_id"],
            ["walkthroughs.organization_id", "walkthroughs.id"],
            ondelete="CASCADE",
        ),
    ]
