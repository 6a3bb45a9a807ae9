"""Each run of a content source has a number, so that a run that lost its claim writes no more."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "content_sources",
        sa.Column("run_number", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.create_unique_constraint(
        op.f("uq_content_sources_id_run_number"), "content_sources", ["id", "run_number"]
    )


def downgrade() -> None:
    op.drop_constraint(op.f("uq_content_sources_id_run_number"), "content_sources")
    op.drop_column("content_sources", "run_number")
