"""Columns have the names that the code and the pages use for them."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_RENAMED = (
    ("content_sources", "trouble", "error"),
    ("content_sources", "waiting", "awaiting_approval"),
    ("content_sources", "agreed", "approval"),
    ("content_sources", "pending", "pending_changes"),
    ("content_sources", "wanted_commit", "newest_commit"),
    ("content_sources", "handled_at", "answered_request_at"),
    ("content_sources", "reports", "host_kind"),
    ("walkthrough_steps", "succeeds", "predecessor_ids"),
    ("walkthroughs", "tree", "git_tree"),
)
_INDEX = "ix_walkthrough_steps_{}"


#: 0006 and 0007 were put below 0008 after that had been on the main line, and 0008 got a column
#: more: a database made in between has none of these.
_MISSED = (
    "ALTER TABLE walkthrough_steps"
    " ADD COLUMN IF NOT EXISTS succeeds jsonb NOT NULL DEFAULT '[]'::jsonb",
    "CREATE INDEX IF NOT EXISTS ix_walkthrough_steps_succeeds ON walkthrough_steps"
    " USING gin (succeeds) WHERE succeeds <> '[]'",
    "ALTER TABLE content_sources ADD COLUMN IF NOT EXISTS check_token_hash text",
    "ALTER TABLE content_sources ADD COLUMN IF NOT EXISTS agreed jsonb",
)


def upgrade() -> None:
    for statement in _MISSED:
        op.execute(statement)
    for table, old, new in _RENAMED:
        op.alter_column(table, old, new_column_name=new)
    op.execute("ALTER TYPE reports RENAME TO git_host")
    op.execute(
        f"ALTER INDEX {_INDEX.format('succeeds')} RENAME TO {_INDEX.format('predecessor_ids')}"
    )


def downgrade() -> None:
    op.execute(
        f"ALTER INDEX {_INDEX.format('predecessor_ids')} RENAME TO {_INDEX.format('succeeds')}"
    )
    op.execute("ALTER TYPE git_host RENAME TO reports")
    for table, old, new in _RENAMED:
        op.alter_column(table, new, new_column_name=old)
