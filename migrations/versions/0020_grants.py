"""What learners have allowed apps: grants, tokens, codes, and copies of client documents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oauth_grants",
        *_text("id", "organization_id", "mcp_server_id", "mcp_server_user_id", "client_id"),
        *_text("client_name", "redirect_host"),
        *_times("created_at", "last_used_at"),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        *_keys(("mcp_server_id", "mcp_servers"), ("mcp_server_user_id", "mcp_server_user")),
    )
    _index("oauth_grants", "organization_id", "mcp_server_user_id")
    _index("oauth_grants", "organization_id", "mcp_server_id")
    op.create_table(
        "oauth_tokens",
        *_text("id", "organization_id", "oauth_grant_id"),
        sa.Column("kind", sa.Enum("access", "refresh", name="oauth_token_kind"), nullable=False),
        *_text("token_hash"),
        *_times("created_at", "expires_at"),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        *_keys(("oauth_grant_id", "oauth_grants")),
        sa.UniqueConstraint("token_hash"),
    )
    _index("oauth_tokens", "organization_id", "oauth_grant_id")
    _index("oauth_tokens", "expires_at")
    op.create_table(
        "oauth_codes",
        *_text("id", "organization_id", "mcp_server_id", "mcp_server_user_id", "code_hash"),
        *_text("client_id", "client_name", "redirect_uri", "redirect_host", "challenge"),
        *_text("resource"),
        *_times("created_at", "expires_at"),
        sa.Column("oauth_grant_id", sa.Text(), nullable=True),
        *_keys(
            ("mcp_server_id", "mcp_servers"),
            ("mcp_server_user_id", "mcp_server_user"),
            ("oauth_grant_id", "oauth_grants"),
        ),
        sa.UniqueConstraint("code_hash"),
    )
    _index("oauth_codes", "expires_at")
    op.create_table(
        "client_documents",
        *_text("id", "organization_id", "url"),
        sa.Column("metadata", postgresql.JSONB(), nullable=False),
        *_times("fetched_at", "fresh_until"),
        *_keys(),
        sa.UniqueConstraint("organization_id", "url"),
    )


def downgrade() -> None:
    for table in ("client_documents", "oauth_codes", "oauth_tokens", "oauth_grants"):
        op.drop_table(table)
    sa.Enum(name="oauth_token_kind").drop(op.get_bind())


def _text(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _keys(*references: tuple[str, str]) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        *(
            sa.ForeignKeyConstraint(
                ["organization_id", column],
                [f"{table}.organization_id", f"{table}.id"],
                ondelete="CASCADE",
            )
            for column, table in references
        ),
    ]


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
