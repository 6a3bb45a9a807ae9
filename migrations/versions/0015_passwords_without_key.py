"""Passwords are stored without the secret key, so that a new key locks nobody out.

A hash from before is marked. It is made anew when its owner signs in for the next time.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""UPDATE "user" SET password = 'keyed:' || password WHERE password IS NOT NULL""")


def downgrade() -> None:
    """Whoever has signed in since has to be given a new password."""
    op.execute("""UPDATE "user" SET password = substr(password, 7) WHERE password LIKE 'keyed:%'""")
