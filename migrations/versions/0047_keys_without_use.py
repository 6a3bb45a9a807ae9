"""Two keys go that nothing points at, on the tables with the most rows.

Foreign keys to steps name the walkthrough, too, and none leads to a place. What reads one row by
its id has the primary key, and what reads those of an organization has other indexes. An import
writes one index less for each step, and the first step of a learner one less for each place.
"""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_TABLES = ("walkthrough_steps", "walkthrough_progress")


def upgrade() -> None:
    for table in _TABLES:
        op.drop_constraint(_name(table), table)


def downgrade() -> None:
    for table in _TABLES:
        op.create_unique_constraint(_name(table), table, ["organization_id", "id"])


def _name(table: str) -> str:
    return f"uq_{table}_organization_id_id"
