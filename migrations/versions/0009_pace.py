"""A server holds back calls that come too soon, and each progress row counts them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "mcp_servers",
        sa.Column("pace_seconds", sa.Integer(), nullable=False, server_default=sa.text("5")),
    )
    op.create_check_constraint(
        "pace_is_0_to_120_seconds", "mcp_servers", "pace_seconds BETWEEN 0 AND 120"
    )
    op.add_column(
        "walkthrough_progress",
        sa.Column("hurried_calls", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )


def downgrade() -> None:
    op.drop_column("walkthrough_progress", "hurried_calls")
    op.drop_constraint("pace_is_0_to_120_seconds", "mcp_servers", type_="check")
    op.drop_column("mcp_servers", "pace_seconds")
