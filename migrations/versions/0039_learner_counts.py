"""Numbers of learners that are counted beforehand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "walkthrough_learners",
        *_own("walkthrough_id", "walkthroughs"),
        sa.Column("learners", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("standing", JSONB(), nullable=False),
        sa.Column("versions", JSONB(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "server_learners",
        *_own("mcp_server_id", "mcp_servers"),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("server_learners")
    op.drop_table("walkthrough_learners")


def _own(column: str, table: str) -> tuple[sa.Column | sa.Constraint, ...]:
    """Return the columns of a key within an organization, and what they refer to."""
    return (
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column(column, sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", column),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id", column],
            [f"{table}.organization_id", f"{table}.id"],
            ondelete="CASCADE",
        ),
    )
