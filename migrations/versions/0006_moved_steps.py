"""A step knows which steps of other walkthroughs it was before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "walkthrough_steps",
        sa.Column(
            "succeeds",
            postgresql.JSONB(),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
    )
    op.create_index(
        "ix_walkthrough_steps_succeeds",
        "walkthrough_steps",
        ["succeeds"],
        postgresql_using="gin",
        postgresql_where=sa.text("succeeds <> '[]'"),
    )


def downgrade() -> None:
    op.drop_index("ix_walkthrough_steps_succeeds", "walkthrough_steps")
    op.drop_column("walkthrough_steps", "succeeds")
