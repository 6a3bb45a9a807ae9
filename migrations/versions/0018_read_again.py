"""The next sync reads every folder again: its pictures were not stored, and are now.

It comes at once, also where the branch has not moved. A source that does not take a rewritten
branch as it comes keeps the commit that it compares with, and waits for its next one.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE walkthroughs SET git_tree = NULL WHERE git_tree IS NOT NULL")
    op.execute("UPDATE content_sources SET synced_commit = NULL WHERE on_rewrite = 'warn'")


def downgrade() -> None:
    """Read them again as well: what is live names pictures in a way that is not known there."""
    upgrade()
