"""The hot path: the ordinary step call as one prepared UPDATE, one round trip, durable.

It applies when nothing is special: the learner's link or sign-in has not ended, their version is
the live one, the step named is where they are, and the next one is not done yet. Anything
else (no row comes back) goes through the rules of `position`, under a lock.

A call that comes too soon is answered by the same statement: it counts the call
and leaves the learner where they are. The rule is that of `pace`.

The statement records its own event, so that neither is stored without the other.
"""

from __future__ import annotations

from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.events.record import INSERT_STEP
from walkthroughs.ids import now_ms
from walkthroughs.learning.access_tokens import grant_of_token_sql
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.views import FastStep
from walkthroughs.learning.visibility import DIGEST

_HURRIED = "abs($5 - p.active_at) < $6 * 1000"

# organization, learner, server, step, now (epoch ms), pace (seconds), hash of a link or null,
# hash of a token or null
TYPES = ("text", "text", "text", "text", "bigint", "bigint", "text", "text")
#: How long the step was shown. A clock that was set back makes it 0.
KEEP_TIME = (
    f", step_ms = CASE WHEN {_HURRIED} THEN p.step_ms ELSE GREATEST(0, $5 - p.active_at) END"
)
#: The change alone, without its event.
MOVE = f"""
UPDATE walkthrough_progress p
   SET completed_steps = CASE WHEN {_HURRIED} THEN p.completed_steps
                              ELSE p.completed_steps || to_jsonb(cur.id) END,
       current_step_id = CASE WHEN {_HURRIED} THEN cur.id ELSE cur.next_step_id END,
       active_at = CASE WHEN {_HURRIED} THEN LEAST(p.active_at, $5) ELSE $5 END,
       hurried_calls = p.hurried_calls + ({_HURRIED})::int
       {KEEP_TIME}
  FROM walkthrough_steps cur, walkthroughs w
 WHERE cur.organization_id = $1 AND cur.id = $4 AND cur.archived_at IS NULL
   AND p.organization_id = $1 AND p.mcp_server_user_id = $2
   AND p.walkthrough_id = cur.walkthrough_id AND p.current_step_id = cur.id
   AND p.status = 'in_progress'
   AND cur.next_step_id IS NOT NULL
   AND NOT p.completed_steps ?| ARRAY[cur.id, cur.next_step_id]
   AND w.organization_id = $1 AND w.id = p.walkthrough_id AND w.version = p.version
   AND w.is_published AND w.archived_at IS NULL
   AND EXISTS (SELECT FROM mcp_server_walkthroughs a
                WHERE a.organization_id = $1 AND a.mcp_server_id = $3
                  AND a.walkthrough_id = p.walkthrough_id AND a.is_enabled)
   AND ($7 IS NULL
        OR EXISTS (SELECT FROM personal_links l
                    WHERE l.organization_id = $1 AND l.mcp_server_id = $3
                      AND l.token_hash = $7 AND l.revoked_at IS NULL))
   AND ($8 IS NULL OR EXISTS (SELECT {grant_of_token_sql("$1", "$3", "$8", "$5")}))
RETURNING p.walkthrough_id, p.version, {DIGEST} AS digest, p.current_step_id,
       p.completed_steps::text, p.active_at
"""  # noqa: S608  a constant
ADVANCE = Statement(
    "handrail_advance",
    TYPES,
    f"""
WITH moved AS ({MOVE}, p.started_at, p.step_ms),
recorded AS (
{INSERT_STEP}
SELECT $1, $3, $2, walkthrough_id, version,
       CASE WHEN current_step_id = $4 THEN 'hurried' ELSE 'step' END,
       $4, NULLIF(current_step_id, $4), started_at,
       CASE WHEN current_step_id <> $4 THEN step_ms END
  FROM moved)
SELECT walkthrough_id, version, digest, current_step_id, completed_steps, active_at FROM moved
    """,  # noqa: S608  a constant
)


async def advance_fast(prepared: Prepared, caller: Caller, step_id: str) -> FastStep | None:
    """Complete *step_id* and move on, if that is all there is to it; else change nothing.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    now = now_ms()
    row = await prepared.fetch(
        ADVANCE,
        caller.organization_id,
        caller.learner_id,
        caller.server_id,
        step_id,
        now,
        caller.pace_seconds,
        caller.link_hash,
        caller.bearer_hash,
    )
    if row is None:
        return None
    walkthrough_id, version, digest, current, completed, active_at = row
    shown_at = active_at if current == step_id else None
    return FastStep(walkthrough_id, version, digest, current, completed, now, shown_at)
