"""A new step that is in its place in the chain is checked with two other rows, not three.

An import inserts thousands. Its next step must be live, come later, and not be the first step. The
rest follows: live steps that are linked and come later each end in a last one, of which a
walkthrough has one (exclusion constraint), so they are one chain; and the first step is its head,
since no step is before that. The step before a new one was changed in this transaction, too, and
has a check of its own.
"""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

# Whatever is not plainly in its place is checked as before, and told what is wrong.
_IS_IN_PLACE = """
  IF TG_OP = 'INSERT' AND NEW.archived_at IS NULL THEN
    IF NEW.next_step_id IS NULL THEN
      IF EXISTS (SELECT FROM walkthroughs w
                  WHERE w.id = NEW.walkthrough_id AND w.first_step_id IS NOT NULL)
      THEN RETURN NULL; END IF;
    ELSIF EXISTS (SELECT FROM walkthrough_steps n JOIN walkthroughs w ON w.id = n.walkthrough_id
                   WHERE n.id = NEW.next_step_id AND n.archived_at IS NULL
                     AND n.display_order > NEW.display_order AND n.id <> w.first_step_id)
    THEN RETURN NULL; END IF;
  END IF;
"""
# `n` is the next step, and `b` the one before: none or one, since `next_step_id` is unique.
_CHECK = """
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
    _replace(_IS_IN_PLACE + _CHECK)


def downgrade() -> None:
    _replace(_CHECK)


def _replace(body: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION handrail_check_step() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ DECLARE fault text; BEGIN {body} RETURN NULL; END $$"
    )
