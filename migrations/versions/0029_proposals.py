"""Changes that were proposed to the repositories of content sources."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proposals",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "id", "organization_id", "walkthrough_id", "source_id", "branch", "git_commit",
                "base_commit", "author", "digest",
            )
        ),
        sa.Column(
            "state", sa.Enum("open", "merged", "closed", name="proposal_state"), nullable=False
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        *(
            sa.ForeignKeyConstraint(
                ["organization_id", column],
                [f"{table}.organization_id", f"{table}.id"],
                ondelete="CASCADE",
            )
            for column, table in (
                ("walkthrough_id", "walkthroughs"),
                ("source_id", "content_sources"),
            )
        ),
    )  # fmt: skip
    is_open = sa.text("state = 'open'")
    op.create_index(
        "uq_proposals_one_open", "proposals", ["walkthrough_id"], unique=True,
        postgresql_where=is_open,
    )  # fmt: skip
    op.create_index(
        op.f("ix_proposals_organization_id_walkthrough_id_created_at"),
        "proposals",
        ["organization_id", "walkthrough_id", "created_at"],
    )
    op.create_index(
        op.f("ix_proposals_source_id"), "proposals", ["source_id"], postgresql_where=is_open
    )


def downgrade() -> None:
    op.drop_table("proposals")
    op.execute("DROP TYPE proposal_state")
