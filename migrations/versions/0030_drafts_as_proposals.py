"""Drafts of what Git owns are proposals, and remember what was proposed last."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "walkthrough_drafts",
        sa.Column("is_proposal", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.alter_column("walkthrough_drafts", "is_proposal", server_default=None)
    op.add_column("walkthrough_drafts", sa.Column("proposed", JSONB()))


def downgrade() -> None:
    op.drop_column("walkthrough_drafts", "proposed")
    op.drop_column("walkthrough_drafts", "is_proposal")
