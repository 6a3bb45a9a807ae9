"""Counts of days that have few rows: by server, and how many learners were active last."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

# Who had places before events were recorded was active when they were last shown a step.
_ACTIVE_BEFORE = """
    UPDATE mcp_server_user u SET active_on = p.day
      FROM (SELECT organization_id, mcp_server_user_id,
                   (to_timestamp(max(active_at) / 1000.0) AT TIME ZONE 'UTC')::date AS day
              FROM walkthrough_progress WHERE status <> 'not_started' GROUP BY 1, 2) p
     WHERE u.active_on IS NULL AND u.id NOT IN (  -- their events are counted when they are moved
           SELECT mcp_server_user_id FROM tool_events_incoming WHERE mcp_server_user_id IS NOT NULL)
       AND p.organization_id = u.organization_id AND p.mcp_server_user_id = u.id
"""
_LAST = """
    INSERT INTO active_days AS d (organization_id, day, last)
    SELECT organization_id, active_on, count(*) FROM mcp_server_user
     WHERE active_on IS NOT NULL GROUP BY 1, 2
    ON CONFLICT (organization_id, day) DO UPDATE SET last = EXCLUDED.last
"""
_SERVERS = """
    INSERT INTO server_days (organization_id, day, mcp_server_id, started, finished)
    SELECT organization_id, day, mcp_server_id, sum(started + restarted), sum(completed)
      FROM event_days GROUP BY 1, 2, 3 HAVING sum(started + restarted + completed) > 0
"""


def upgrade() -> None:
    op.create_table(
        "server_days",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("mcp_server_id", sa.Text(), nullable=False),
        _count("started"),
        _count("finished"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "day", "mcp_server_id"),
        postgresql_with={"fillfactor": 80},
    )
    op.add_column("active_days", _count("last"))
    # No event is moved until all are counted: a process of the release before may still move some.
    op.execute("LOCK TABLE event_days, active_days IN EXCLUSIVE MODE")
    for statement in (_ACTIVE_BEFORE, _LAST, _SERVERS):
        op.execute(statement)


def _count(name: str) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=sa.text("0"))


def downgrade() -> None:
    op.drop_column("active_days", "last")
    op.drop_table("server_days")
