"""An index finds the links of a learner."""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_INDEX = "ix_personal_links_organization_id_mcp_server_user_id"


def upgrade() -> None:
    op.create_index(op.f(_INDEX), "personal_links", ["organization_id", "mcp_server_user_id"])


def downgrade() -> None:
    op.drop_index(op.f(_INDEX), table_name="personal_links")
