"""The editor says who else is in it."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "editor_presence",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("organization_id", "walkthrough_id", "user_id", "window")
        ),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id", "walkthrough_id"],
            ["walkthroughs.organization_id", "walkthroughs.id"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("walkthrough_id", "user_id", "window"),
        prefixes=["UNLOGGED"],
    )
    op.create_index(
        op.f("ix_editor_presence_organization_id_seen_at"),
        "editor_presence",
        ["organization_id", "seen_at"],
    )


def downgrade() -> None:
    op.drop_table("editor_presence")
