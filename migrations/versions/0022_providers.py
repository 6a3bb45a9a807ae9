"""Learners sign in at their organization's provider, and may have no e-mail address."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oidc_providers",
        *_text("id", "organization_id", "name", "issuer", "client_id", "client_secret"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        *_keys(),
        sa.UniqueConstraint("organization_id", "name"),
    )
    op.create_table(
        "learner_identities",
        *_text("id", "organization_id", "mcp_server_user_id", "issuer", "subject"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        *_keys(),
        _inside("mcp_server_user_id", "mcp_server_user"),
        sa.UniqueConstraint("organization_id", "issuer", "subject"),
    )
    op.create_index(
        op.f("ix_learner_identities_organization_id_mcp_server_user_id"),
        "learner_identities",
        ["organization_id", "mcp_server_user_id"],
    )
    _change_auth_type("'personal_link', 'oauth', 'oidc'", "auth_type::text")
    op.add_column("mcp_servers", sa.Column("oidc_provider_id", sa.Text()))
    op.create_foreign_key(
        op.f("fk_mcp_servers_organization_id_oidc_provider_id"),
        "mcp_servers",
        "oidc_providers",
        ["organization_id", "oidc_provider_id"],
        ["organization_id", "id"],
    )
    op.create_check_constraint(
        "oidc_names_its_provider",
        "mcp_servers",
        "(auth_type::text = 'oidc') = (oidc_provider_id IS NOT NULL)",
    )
    op.add_column("learner_sessions", sa.Column("oidc_provider_id", sa.Text()))
    op.create_foreign_key(
        op.f("fk_learner_sessions_organization_id_oidc_provider_id"),
        "learner_sessions",
        "oidc_providers",
        ["organization_id", "oidc_provider_id"],
        ["organization_id", "id"],
        ondelete="CASCADE",
    )
    op.alter_column("mcp_server_user", "email", nullable=True)


def downgrade() -> None:
    # Their progress stays; no mail reaches them, so nobody signs in as them.
    op.execute("UPDATE mcp_server_user SET email = id || '@unknown.invalid' WHERE email IS NULL")
    op.alter_column("mcp_server_user", "email", nullable=False)
    op.execute("DELETE FROM learner_sessions WHERE oidc_provider_id IS NOT NULL")
    op.drop_column("learner_sessions", "oidc_provider_id")
    op.drop_constraint("oidc_names_its_provider", "mcp_servers", type_="check")
    op.drop_column("mcp_servers", "oidc_provider_id")
    _change_auth_type(
        "'personal_link', 'oauth'",
        "CASE auth_type::text WHEN 'oidc' THEN 'personal_link' ELSE auth_type::text END",
    )
    op.drop_table("learner_identities")
    op.drop_table("oidc_providers")


def _text(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _keys() -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
    ]


def _inside(column: str, table: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{table}.organization_id", f"{table}.id"],
        ondelete="CASCADE",
    )


def _change_auth_type(values: str, using: str) -> None:
    """Make the type anew: a value that is added to one cannot be used before the commit."""
    op.execute("ALTER TYPE mcp_server_auth RENAME TO mcp_server_auth_before")
    op.execute(f"CREATE TYPE mcp_server_auth AS ENUM ({values})")
    op.execute(
        "ALTER TABLE mcp_servers ALTER COLUMN auth_type TYPE mcp_server_auth"
        f" USING ({using})::mcp_server_auth"
    )
    op.execute("DROP TYPE mcp_server_auth_before")
