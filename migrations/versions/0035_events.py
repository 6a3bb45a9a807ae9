"""What learners do is recorded: events, and counts of them by day."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_CLOCK = sa.text("(extract(epoch FROM clock_timestamp()) * 1000)::bigint")
_COUNTS = ("started", "resumed", "restarted", "steps", "completed", "resets", "hurried")


def upgrade() -> None:
    op.create_table(
        "tool_events_incoming",
        *_events(),
        postgresql_with={
            "autovacuum_vacuum_threshold": 5000,
            "autovacuum_vacuum_scale_factor": 0,
            "autovacuum_vacuum_cost_delay": 0,
        },
    )
    op.create_table(
        "tool_events",
        *_events(),
        _organization(),
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_index(
        op.f("ix_tool_events_organization_id_occurred_at"),
        "tool_events",
        ["organization_id", "occurred_at"],
    )
    op.create_index(
        op.f("ix_tool_events_step_id_occurred_at"),
        "tool_events",
        ["step_id", "occurred_at"],
        postgresql_include=["step_ms"],
    )
    op.create_index(
        "ix_tool_events_started",
        "tool_events",
        ["organization_id", "occurred_at"],
        postgresql_include=["walkthrough_id", "from_walkthrough_id"],
        postgresql_where=sa.text("kind = 'started'"),
    )
    # Takes what no partition of a month takes: nothing is lost while one is missing.
    op.execute("CREATE TABLE tool_events_default PARTITION OF tool_events DEFAULT")
    op.create_table(
        "event_days",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("walkthrough_id", sa.Text(), nullable=False),
        sa.Column("mcp_server_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(_count(name) for name in _COUNTS),
        _organization(),
        sa.PrimaryKeyConstraint(
            "organization_id", "day", "walkthrough_id", "mcp_server_id", "version"
        ),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        op.f("ix_event_days_organization_id_walkthrough_id_day"),
        "event_days",
        ["organization_id", "walkthrough_id", "day"],
    )
    op.create_table(
        "active_days",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _count("learners"),
        _organization(),
        sa.PrimaryKeyConstraint("organization_id", "day"),
        postgresql_with={"fillfactor": 80},
    )


def _events() -> tuple[sa.Column, ...]:
    return (
        sa.Column("occurred_at", sa.BigInteger(), nullable=False, server_default=_CLOCK),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("mcp_server_id", sa.Text(), nullable=False),
        sa.Column("mcp_server_user_id", sa.Text()),
        sa.Column("walkthrough_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("step_id", sa.Text()),
        sa.Column("next_step_id", sa.Text()),
        sa.Column("run_started_at", sa.BigInteger()),
        sa.Column("step_ms", sa.BigInteger()),
        sa.Column("from_walkthrough_id", sa.Text()),
    )


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0"))


def _organization() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE")


def downgrade() -> None:
    for name in ("active_days", "event_days", "tool_events", "tool_events_incoming"):
        op.drop_table(name)
