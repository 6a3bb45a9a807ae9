"""Show learners the step where they are once more: one prepared UPDATE each, and no texts read.

That is what resuming a walkthrough does, and a step call that is repeated. Each applies when
nothing is special: the learner is on a live step of the live version, and that step is not done.
Anything else (no answer) is left to the rules of `progress`, under a lock. So are walkthroughs that
have steps which moved in, since what was done of them elsewhere may have to be credited.
"""

from __future__ import annotations

from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.events.record import INSERT_STEP
from walkthroughs.ids import now_ms
from walkthroughs.learning.access_tokens import grant_of_token_sql
from walkthroughs.learning.answers import step_view
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache, PublishedVersion
from walkthroughs.learning.place_rules import NOT_CURRENT_STEP
from walkthroughs.learning.views import StepView
from walkthroughs.learning.visibility import DIGEST, visible_sql

_UPDATE = """
UPDATE walkthrough_progress p
   SET active_at = $5
"""
_IN_PROGRESS = """
   AND p.organization_id = $1 AND p.mcp_server_user_id = $2 AND p.walkthrough_id = w.id
   AND p.status = 'in_progress' AND p.version = w.version
   AND cur.organization_id = $1 AND cur.id = p.current_step_id AND cur.archived_at IS NULL
   AND NOT p.completed_steps ? cur.id
"""
#: Organization, learner, server, walkthrough, now (epoch ms); the version and the digest in memory.
RESUME = Statement(
    "handrail_resume",
    ("text", "text", "text", "text", "bigint", "bigint", "text"),
    f"""
WITH shown AS ({_UPDATE}
  FROM walkthroughs w, walkthrough_steps cur
 WHERE w.id = $4 AND {visible_sql("$1", "$3")} AND w.version = $6 AND {DIGEST} = $7
{_IN_PROGRESS}
RETURNING p.current_step_id, p.completed_steps, p.started_at),
recorded AS (
{INSERT_STEP}
SELECT $1, $3, $2, $4, $6, 'resumed', NULL, current_step_id, started_at, NULL
  FROM shown)
SELECT current_step_id, completed_steps FROM shown
    """,  # noqa: S608  constants
)
#: Organization, learner, server, the step that was named, now; the hash of a link or null, and that
#: of a token or null, as in the ordinary step call.
REPEAT = Statement(
    "handrail_repeat",
    ("text", "text", "text", "text", "bigint", "text", "text"),
    f"""
{_UPDATE}
  FROM walkthrough_steps named, walkthroughs w, walkthrough_steps cur
 WHERE named.organization_id = $1 AND named.id = $4 AND w.id = named.walkthrough_id
   AND {visible_sql("$1", "$3")}
{_IN_PROGRESS}
   AND p.current_step_id <> named.id
   AND ($6 IS NULL
        OR EXISTS (SELECT FROM personal_links l
                    WHERE l.organization_id = $1 AND l.mcp_server_id = $3
                      AND l.token_hash = $6 AND l.revoked_at IS NULL))
   AND ($7 IS NULL OR EXISTS (SELECT {grant_of_token_sql("$1", "$3", "$7", "$5")}))
RETURNING w.id, w.version, {DIGEST}, p.current_step_id, p.completed_steps
    """,
)


async def resume(
    prepared: Prepared, caller: Caller, published: PublishedVersion
) -> StepView | None:
    """Return where the learner is in *published*, if it is live and that is all there is to it.

    None: nothing was changed.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    if published.predecessor_ids:
        return None
    row = await prepared.fetch(
        RESUME,
        caller.organization_id,
        caller.learner_id,
        caller.server_id,
        published.ref.id,
        now_ms(),
        published.ref.version,
        published.digest,
    )
    return step_view(published, row[0], frozenset(row[1]), finished=False) if row else None


async def repeat(
    prepared: Prepared, cache: ContentCache, caller: Caller, step_id: str
) -> tuple[PublishedVersion, StepView] | None:
    """Return the version and where the learner is in it, if *step_id* is of it and not their place.

    None: the rules have to answer. The call may be made again for that, since it moves nobody.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    row = await prepared.fetch(
        REPEAT,
        caller.organization_id,
        caller.learner_id,
        caller.server_id,
        step_id,
        now_ms(),
        caller.link_hash,
        caller.bearer_hash,
    )
    published = cache.get(*row[:3]) if row else None
    if row is None or published is None or published.predecessor_ids:
        return None
    notices = (NOT_CURRENT_STEP,)
    completed = frozenset(row[4])
    return published, step_view(published, row[3], completed, finished=False, notices=notices)
