"""Learners sign in with a code by e-mail; what they ask for is counted."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_codes",
        *_text("id", "organization_id", "mcp_server_id", "email", "code_hash", "browser_hash"),
        *_times("created_at", "expires_at"),
        sa.Column("tries", sa.Integer(), nullable=False),
        *_keys("mcp_server_id", "mcp_servers"),
    )
    op.create_index(op.f("ix_sign_in_codes_expires_at"), "sign_in_codes", ["expires_at"])
    op.create_table(
        "learner_sessions",
        *_text("id", "organization_id", "mcp_server_user_id", "token_hash"),
        *_times("created_at", "expires_at"),
        *_keys("mcp_server_user_id", "mcp_server_user"),
        sa.UniqueConstraint("token_hash"),
    )
    for column in ("mcp_server_user_id", "expires_at"):
        op.create_index(op.f(f"ix_learner_sessions_{column}"), "learner_sessions", [column])
    op.create_table(
        "request_counts",
        *_text("organization_id", "counted_for"),
        sa.Column("window_start", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "counted_for", "window_start"),
        prefixes=["UNLOGGED"],
    )
    op.create_index(op.f("ix_request_counts_window_start"), "request_counts", ["window_start"])


def downgrade() -> None:
    for table in ("request_counts", "learner_sessions", "sign_in_codes"):
        op.drop_table(table)


def _text(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _keys(column: str, table: str) -> list[sa.Constraint]:
    return [
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id", column],
            [f"{table}.organization_id", f"{table}.id"],
            ondelete="CASCADE",
        ),
    ]
