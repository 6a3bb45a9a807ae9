"""Words of walkthroughs for the search, and indexes for lists of learners and progress."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_words",
        sa.Column("walkthrough_id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", TSVECTOR(), nullable=True),
        sa.PrimaryKeyConstraint("walkthrough_id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id", "walkthrough_id"],
            ["walkthroughs.organization_id", "walkthroughs.id"],
            ondelete="CASCADE",
        ),
    )
    # The server notes the words once it runs.
    op.execute(
        "INSERT INTO search_words (walkthrough_id, organization_id, version)"
        " SELECT id, organization_id, version FROM walkthroughs WHERE version > 0"
    )
    op.create_index(
        op.f("ix_search_words_words"), "search_words", ["words"], postgresql_using="gin"
    )
    op.create_index(
        "ix_search_words_not_noted",
        "search_words",
        ["organization_id"],
        postgresql_where=sa.text("words IS NULL"),
    )
    op.create_index(
        op.f("ix_walkthrough_progress_organization_id_started_at_id"),
        "walkthrough_progress",
        ["organization_id", "started_at", "id"],
    )
    op.create_index(
        "ix_mcp_server_user_beginning",
        "mcp_server_user",
        ["organization_id", "email"],
        postgresql_ops={"email": "text_pattern_ops"},
    )


def downgrade() -> None:
    op.drop_index("ix_mcp_server_user_beginning")
    op.drop_index(op.f("ix_walkthrough_progress_organization_id_started_at_id"))
    op.drop_table("search_words")
