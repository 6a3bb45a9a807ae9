"""What people see of a source: who holds it and why, and when its webhook called last."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("held_by", sa.Text()),
    ("held_reason", sa.Text()),
    ("webhook_called_at", sa.BigInteger()),
)


def upgrade() -> None:
    for name, kind in _COLUMNS:
        op.add_column("content_sources", sa.Column(name, kind))


def downgrade() -> None:
    for name, _ in _COLUMNS:
        op.drop_column("content_sources", name)
