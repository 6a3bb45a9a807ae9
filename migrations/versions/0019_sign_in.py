"""A server says how its learners sign in, and when it asks for it."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SIGN_IN = sa.Enum("at_connect", "when_needed", name="mcp_server_sign_in")


def upgrade() -> None:
    _change_auth_type("'personal_link', 'oauth'", "auth_type::text")
    _SIGN_IN.create(op.get_bind())
    op.add_column(
        "mcp_servers",
        sa.Column(
            "sign_in",
            sa.Enum(name="mcp_server_sign_in", create_type=False),
            nullable=False,
            server_default=sa.text("'at_connect'"),
        ),
    )


def downgrade() -> None:
    op.drop_column("mcp_servers", "sign_in")
    _SIGN_IN.drop(op.get_bind())
    _change_auth_type("'personal_link'", "'personal_link'")


def _change_auth_type(values: str, using: str) -> None:
    """Make the type anew: a value that is added to one cannot be used before the commit."""
    op.execute("ALTER TYPE mcp_server_auth RENAME TO mcp_server_auth_before")
    op.execute(f"CREATE TYPE mcp_server_auth AS ENUM ({values})")
    op.execute(
        "ALTER TABLE mcp_servers ALTER COLUMN auth_type TYPE mcp_server_auth"
        f" USING ({using})::mcp_server_auth"
    )
    op.execute("DROP TYPE mcp_server_auth_before")
