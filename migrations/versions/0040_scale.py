"""Numbers of learners that are counted beforehand, an index for links, one check of a step."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0040"
down_revision = "0037"
branch_labels = None
depends_on = None

_BEFORE = """
  IF EXISTS (
    SELECT FROM walkthrough_steps s JOIN walkthrough_steps n ON n.id = s.next_step_id
     WHERE s.id = NEW.id AND (n.archived_at IS NOT NULL OR n.display_order <= s.display_order))
  OR EXISTS (
    SELECT FROM walkthrough_steps n JOIN walkthrough_steps s ON s.next_step_id = n.id
     WHERE n.id = NEW.id AND (n.archived_at IS NOT NULL OR n.display_order <= s.display_order))
  THEN
    RAISE EXCEPTION 'step % breaks the chain of its walkthrough', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'walkthrough_steps_one_chain';
  END IF;
  IF EXISTS (
    SELECT FROM walkthrough_steps s JOIN walkthroughs w ON w.id = s.walkthrough_id
     WHERE s.id = NEW.id AND (
       (s.archived_at IS NOT NULL AND w.first_step_id = s.id)
       OR (s.archived_at IS NULL AND w.first_step_id IS DISTINCT FROM s.id
           AND NOT EXISTS (SELECT FROM walkthrough_steps b WHERE b.next_step_id = s.id))))
  THEN
    RAISE EXCEPTION 'step % is on no chain', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'walkthrough_steps_one_chain';
  END IF;
"""
# `n` is the next step, and `b` the one before: none or one, since `next_step_id` is unique.
_NOW = """
  SELECT CASE
      WHEN n.archived_at IS NOT NULL OR n.display_order <= s.display_order
        OR b.id IS NOT NULL AND (s.archived_at IS NOT NULL OR s.display_order <= b.display_order)
        THEN 'breaks the chain of its walkthrough'
      WHEN s.archived_at IS NOT NULL AND w.first_step_id = s.id
        OR s.archived_at IS NULL AND b.id IS NULL AND w.first_step_id IS DISTINCT FROM s.id
        THEN 'is on no chain' END
    INTO fault
    FROM walkthrough_steps s
    JOIN walkthroughs w ON w.id = s.walkthrough_id
    LEFT JOIN walkthrough_steps n ON n.id = s.next_step_id
    LEFT JOIN walkthrough_steps b ON b.next_step_id = s.id
   WHERE s.id = NEW.id;
  IF fault IS NOT NULL THEN
    RAISE EXCEPTION 'step % %', NEW.id, fault
      USING ERRCODE = 'check_violation', CONSTRAINT = 'walkthrough_steps_one_chain';
  END IF;
"""


def upgrade() -> None:
    _replace("DECLARE fault text;", _NOW)
    op.create_index(
        op.f("ix_personal_links_organization_id_mcp_server_user_id"),
        "personal_links",
        ["organization_id", "mcp_server_user_id"],
    )
    op.create_table(
        "walkthrough_learners",
        *_own("walkthrough_id", "walkthroughs"),
        sa.Column("learners", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("standing", JSONB(), nullable=False),
        sa.Column("versions", JSONB(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "server_learners",
        *_own("mcp_server_id", "mcp_servers"),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("server_learners")
    op.drop_table("walkthrough_learners")
    op.drop_index(op.f("ix_personal_links_organization_id_mcp_server_user_id"), "personal_links")
    _replace("", _BEFORE)


def _own(column: str, table: str) -> tuple[sa.Column | sa.Constraint, ...]:
    """Return the columns of a key within an organization, and what they refer to."""
    return (
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column(column, sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", column),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id", column],
            [f"{table}.organization_id", f"{table}.id"],
            ondelete="CASCADE",
        ),
    )


def _replace(declared: str, body: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION handrail_check_step() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ {declared} BEGIN {body} RETURN NULL; END $$"
    )
