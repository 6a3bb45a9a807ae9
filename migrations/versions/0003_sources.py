"""Content sources have credentials, a policy and a state; their runs are kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXT = ("credential", "webhook_secret", "wanted_commit", "trouble")
_TIMES = ("held_at", "checked_at", "requested_at", "handled_at")


def upgrade() -> None:
    on_rewrite = postgresql.ENUM("warn", "approve", "refuse", name="on_rewrite")
    on_rewrite.create(op.get_bind())
    for name in _TEXT:
        op.add_column("content_sources", sa.Column(name, sa.Text()))
    for name in _TIMES:
        op.add_column("content_sources", sa.Column(name, sa.BigInteger()))
    op.add_column("content_sources", sa.Column("interval_seconds", sa.Integer()))
    op.add_column("content_sources", sa.Column("waiting", postgresql.JSONB()))
    op.add_column(
        "content_sources",
        sa.Column(
            "on_rewrite",
            postgresql.ENUM(name="on_rewrite", create_type=False),
            nullable=False,
            server_default="warn",
        ),
    )
    for name in ("folder", "tree"):
        op.add_column("walkthroughs", sa.Column(name, sa.Text()))
    op.create_table(
        "sync_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("git_commit", sa.Text()),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text()),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "outcome", sa.Enum("applied", "waiting", "failed", name="sync_outcome"), nullable=False
        ),
        sa.Column("changes", postgresql.JSONB(), nullable=False),
        sa.Column("problem_count", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_sync_runs"),
        sa.UniqueConstraint("organization_id", "id", name="uq_sync_runs_organization_id_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name="fk_sync_runs_organization_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "source_id"],
            ["content_sources.organization_id", "content_sources.id"],
            name="fk_sync_runs_organization_id_source_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_sync_runs_source_id_started_at", "sync_runs", ["source_id", "started_at"])


def downgrade() -> None:
    op.drop_table("sync_runs")
    op.execute("DROP TYPE sync_outcome")
    for name in ("folder", "tree"):
        op.drop_column("walkthroughs", name)
    for name in (*_TEXT, *_TIMES, "interval_seconds", "waiting", "on_rewrite"):
        op.drop_column("content_sources", name)
    op.execute("DROP TYPE on_rewrite")
