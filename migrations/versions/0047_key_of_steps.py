"""A key of steps goes that nothing points at: foreign keys to steps name the walkthrough, too.

What reads one step by its id has the primary key, and what reads those of an organization the other
unique key. An import writes one index less for each step.
"""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_NAME, _TABLE = "uq_walkthrough_steps_organization_id_id", "walkthrough_steps"


def upgrade() -> None:
    op.drop_constraint(_NAME, _TABLE)


def downgrade() -> None:
    op.create_unique_constraint(_NAME, _TABLE, ["organization_id", "id"])
