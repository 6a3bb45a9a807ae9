"""Walkthroughs are found by words of their title and description."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "walkthroughs",
        sa.Column(
            "search_words",
            postgresql.TSVECTOR(),
            # Written as PostgreSQL gives it back, so that it can be compared with the model.
            sa.Computed(
                "(setweight(to_tsvector('english'::regconfig, title), 'A'::\"char\") || "
                "setweight(to_tsvector('english'::regconfig, "
                "COALESCE(description, ''::text)), 'B'::\"char\"))",
                persisted=True,
            ),
        ),
    )


def downgrade() -> None:
    op.drop_column("walkthroughs", "search_words")
