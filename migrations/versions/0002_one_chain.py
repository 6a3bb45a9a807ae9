"""The live steps of a walkthrough are one chain, and the first step is its head.

Checked at the end of the transaction, row by row at constant cost. Each live
step but one has a next one (exclusion constraint), none is next of two (unique
constraint); what is left is that a next step is live, and that the order grows
along the chain, which rules out a ring beside it.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STEP = """
CREATE FUNCTION handrail_check_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM walkthrough_steps s JOIN walkthrough_steps n ON n.id = s.next_step_id
     WHERE NEW.id IN (s.id, n.id)
       AND (n.archived_at IS NOT NULL OR n.display_order <= s.display_order))
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
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER walkthrough_steps_one_chain
  AFTER INSERT OR UPDATE OF next_step_id, display_order, archived_at, walkthrough_id
  ON walkthrough_steps DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION handrail_check_step();
"""
WALKTHROUGH = """
CREATE FUNCTION handrail_check_walkthrough() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM walkthroughs w
      LEFT JOIN walkthrough_steps f ON f.id = w.first_step_id AND f.archived_at IS NULL
     WHERE w.id = NEW.id AND (
       (w.first_step_id IS NOT NULL AND f.id IS NULL)
       OR EXISTS (SELECT FROM walkthrough_steps b WHERE b.next_step_id = w.first_step_id)
       OR (w.first_step_id IS NULL AND EXISTS (
             SELECT FROM walkthrough_steps s
              WHERE s.walkthrough_id = w.id AND s.archived_at IS NULL))))
  THEN
    RAISE EXCEPTION 'the first step of walkthrough % is not the head of its chain', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'walkthroughs_first_is_head';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER walkthroughs_first_is_head
  AFTER INSERT OR UPDATE OF first_step_id
  ON walkthroughs DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION handrail_check_walkthrough();
"""


def upgrade() -> None:
    op.execute(STEP)
    op.execute(WALKTHROUGH)


def downgrade() -> None:
    op.execute("DROP TRIGGER walkthroughs_first_is_head ON walkthroughs")
    op.execute("DROP TRIGGER walkthrough_steps_one_chain ON walkthrough_steps")
    op.execute("DROP FUNCTION handrail_check_walkthrough()")
    op.execute("DROP FUNCTION handrail_check_step()")
