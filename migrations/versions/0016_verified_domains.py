"""A server's own domain is served once its owner has proved it; those in use stay.

Who only claims a domain does not keep its owner from it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mcp_servers", sa.Column("domain_verified_at", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE mcp_servers SET domain_verified_at = created_at WHERE custom_domain IS NOT NULL"
    )
    op.drop_constraint("uq_mcp_servers_custom_domain", "mcp_servers")
    op.create_index(
        "uq_mcp_servers_verified_domain",
        "mcp_servers",
        ["custom_domain"],
        unique=True,
        postgresql_where=sa.text("domain_verified_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.execute("UPDATE mcp_servers SET custom_domain = NULL WHERE domain_verified_at IS NULL")
    op.drop_index("uq_mcp_servers_verified_domain")
    op.create_unique_constraint("uq_mcp_servers_custom_domain", "mcp_servers", ["custom_domain"])
    op.drop_column("mcp_servers", "domain_verified_at")
