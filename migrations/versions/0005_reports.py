"""A source may tell its Git host how each commit fared."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    reports = postgresql.ENUM("github", "gitlab", name="reports")
    reports.create(op.get_bind())
    op.add_column(
        "content_sources",
        sa.Column("reports", postgresql.ENUM(name="reports", create_type=False)),
    )


def downgrade() -> None:
    op.drop_column("content_sources", "reports")
    op.execute("DROP TYPE reports")
