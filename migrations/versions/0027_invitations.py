"""Members are invited by links; sessions and members know when they were last seen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None
_ROLE = postgresql.ENUM(name="member_role", create_type=False)


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", _ROLE, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["invited_by"], ["user.id"], ondelete="SET NULL"),
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["organization_id", "email"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )
    for table, column in (
        ("user", sa.Column("theme", sa.Text(), nullable=False, server_default="system")),
        ("user", sa.Column("plain_editor", sa.Boolean(), nullable=False, server_default="false")),
        ("member", sa.Column("last_seen_at", sa.BigInteger())),
        ("user_session", sa.Column("last_used_at", sa.BigInteger())),
        ("user_session", sa.Column("user_agent", sa.Text())),
    ):
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in (
        ("user_session", "user_agent"),
        ("user_session", "last_used_at"),
        ("member", "last_seen_at"),
        ("user", "plain_editor"),
        ("user", "theme"),
    ):
        op.drop_column(table, column)
    op.drop_table("invitations")
