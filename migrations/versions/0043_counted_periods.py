"""What was started most in a period, and where learners stand, are counted beforehand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "period_numbers",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("walkthroughs", JSONB(), nullable=False),
        sa.Column("pairs", JSONB(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "days"),
    )
    for name, empty in (("places", "[]"), ("times", "{}")):
        default = sa.text(f"'{empty}'::jsonb")
        column = sa.Column(name, JSONB(), nullable=False, server_default=default)
        op.add_column("walkthrough_learners", column)
    # Without rows all is counted anew at once, when a process starts.
    op.execute("DELETE FROM walkthrough_learners")
    op.execute("DELETE FROM server_learners")


def downgrade() -> None:
    op.drop_column("walkthrough_learners", "times")
    op.drop_column("walkthrough_learners", "places")
    op.drop_table("period_numbers")
