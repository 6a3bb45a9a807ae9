"""Indexes in the order in which learners are listed: by address, or by when they began."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_BEGUN = "ix_walkthrough_progress_begun"
_WALKTHROUGH = "ix_walkthrough_progress_organization_id_walkthrough_id"
_ACTIVE = "ix_mcp_server_user_organization_id_active_on"
_ORDER = "ix_mcp_server_user_organization_id_email_id"


def upgrade() -> None:
    learners, places = "mcp_server_user", "walkthrough_progress"
    op.drop_index("ix_mcp_server_user_beginning", learners)
    op.alter_column(learners, "email", type_=sa.Text(collation="C"))
    op.create_index(op.f(f"{_ACTIVE}_id"), learners, ["organization_id", "active_on", "id"])
    op.drop_index(op.f(_ACTIVE), learners)
    op.create_index(op.f(_ORDER), learners, ["organization_id", "email", "id"])
    op.create_index(
        "ix_mcp_server_user_domain",
        learners,
        ["organization_id", sa.text("split_part(email, '@'::text, 2)")],
    )
    op.create_index(
        "ix_mcp_server_user_inactive",
        learners,
        ["organization_id", "email", "id"],
        postgresql_where=sa.text("active_on IS NULL"),
    )
    op.create_index(_BEGUN, places, ["organization_id", "walkthrough_id", "started_at", "id"])
    op.drop_index(op.f(_WALKTHROUGH), places)


def downgrade() -> None:
    learners, places = "mcp_server_user", "walkthrough_progress"
    op.create_index(op.f(_WALKTHROUGH), places, ["organization_id", "walkthrough_id"])
    op.drop_index(_BEGUN, places)
    for name in ("ix_mcp_server_user_inactive", "ix_mcp_server_user_domain", op.f(_ORDER)):
        op.drop_index(name, learners)
    op.alter_column(learners, "email", type_=sa.Text(collation="default"))
    op.create_index(op.f(_ACTIVE), learners, ["organization_id", "active_on"])
    op.drop_index(op.f(f"{_ACTIVE}_id"), learners)
    op.create_index(
        "ix_mcp_server_user_beginning",
        learners,
        ["organization_id", "email"],
        postgresql_ops={"email": "text_pattern_ops"},
    )
