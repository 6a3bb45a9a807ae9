"""An attempt that ends because the learner begins again is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "walkthrough_attempts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mcp_server_user_id", sa.Text(), nullable=False),
        sa.Column("walkthrough_id", sa.Text(), nullable=False),
        sa.Column("mcp_server_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        *(_within(*key) for key in _KEYS),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_walkthrough_attempts_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walkthrough_attempts")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_walkthrough_attempts_organization_id_id")
        ),
    )
    op.create_index(
        op.f("ix_walkthrough_attempts_mcp_server_user_id_walkthrough_id"),
        "walkthrough_attempts",
        ["mcp_server_user_id", "walkthrough_id"],
    )


def downgrade() -> None:
    op.drop_table("walkthrough_attempts")


_KEYS = (
    ("mcp_server_user_id", "mcp_server_user"),
    ("walkthrough_id", "walkthroughs"),
    ("mcp_server_id", "mcp_servers"),
)


def _within(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{table}.organization_id", f"{table}.id"],
        name=op.f(f"fk_walkthrough_attempts_organization_id_{column}"),
        ondelete="CASCADE",
    )
