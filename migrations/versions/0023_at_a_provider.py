"""A sign-in that is at a provider goes on after a restart, in the browser that began it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    texts = (
        "id", "organization_id", "mcp_server_id", "oidc_provider_id", "state_hash", "browser_hash",
        "nonce", "verifier", "page",
    )  # fmt: skip
    op.create_table(
        "oidc_sign_ins",
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("metadata", JSONB(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("state_hash"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        _inside("mcp_server_id", "mcp_servers"),
        _inside("oidc_provider_id", "oidc_providers"),
    )
    op.create_index(op.f("ix_oidc_sign_ins_expires_at"), "oidc_sign_ins", ["expires_at"])


def downgrade() -> None:
    op.drop_table("oidc_sign_ins")


def _inside(column: str, table: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{table}.organization_id", f"{table}.id"],
        ondelete="CASCADE",
    )
