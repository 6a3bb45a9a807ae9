"""The last day on which a learner did anything."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mcp_server_user", sa.Column("active_on", sa.Date()))
    op.create_index(
        op.f("ix_mcp_server_user_organization_id_active_on"),
        "mcp_server_user",
        ["organization_id", "active_on"],
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_mcp_server_user_organization_id_active_on"), "mcp_server_user")
    op.drop_column("mcp_server_user", "active_on")
