"""Versions keep their texts once another one is live, and the note of who published them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("walkthrough_versions", sa.Column("note", sa.Text(), nullable=True))
    op.add_column("walkthrough_versions", sa.Column("content", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("walkthrough_versions", "content")
    op.drop_column("walkthrough_versions", "note")
