"""What servers' pages tell: the last call, whether a domain leads here, what Git assigned."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "server_calls",
        sa.Column("mcp_server_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("called_at", sa.BigInteger(), nullable=False),
        sa.Column("listed", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("mcp_server_id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id", "mcp_server_id"],
            ["mcp_servers.organization_id", "mcp_servers.id"],
            ondelete="CASCADE",
        ),
    )
    op.add_column("mcp_servers", sa.Column("domain_checked_at", sa.BigInteger(), nullable=True))
    op.add_column("mcp_servers", sa.Column("domain_fault", sa.Text(), nullable=True))
    op.add_column(
        "mcp_server_walkthroughs",
        sa.Column("is_from_git", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("mcp_server_walkthroughs", "is_from_git")
    op.drop_column("mcp_servers", "domain_fault")
    op.drop_column("mcp_servers", "domain_checked_at")
    op.drop_table("server_calls")
