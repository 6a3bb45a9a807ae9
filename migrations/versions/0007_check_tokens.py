"""Authors may ask what a folder would change, with a token of the source's own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("content_sources", sa.Column("check_token_hash", sa.Text()))


def downgrade() -> None:
    op.drop_column("content_sources", "check_token_hash")
