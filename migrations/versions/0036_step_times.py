"""How long a learner took for a step; an index for how far those of a walkthrough are."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("walkthrough_progress", sa.Column("step_ms", sa.BigInteger()))
    op.create_index(
        op.f("ix_walkthrough_progress_organization_id_walkthrough_id"),
        "walkthrough_progress",
        ["organization_id", "walkthrough_id"],
    )


def downgrade() -> None:
    op.drop_index(
        op.f("ix_walkthrough_progress_organization_id_walkthrough_id"), "walkthrough_progress"
    )
    op.drop_column("walkthrough_progress", "step_ms")
