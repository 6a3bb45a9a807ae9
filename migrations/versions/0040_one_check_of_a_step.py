"""The check of a step's place in the chain asks the database once, not thrice."""

from alembic import op

revision = "0040"
down_revision = "0039"
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


def downgrade() -> None:
    _replace("", _BEFORE)


def _replace(declared: str, body: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION handrail_check_step() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ {declared} BEGIN {body} RETURN NULL; END $$"
    )
