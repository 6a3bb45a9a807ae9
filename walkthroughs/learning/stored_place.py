"""Read where a learner is in a walkthrough, in one statement that changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.answers import status_view
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import PublishedVersion
from walkthroughs.learning.position import StepRef, current_step
from walkthroughs.learning.views import StatusView, StepBody
from walkthroughs.learning.visibility import visible_sql

#: Organization, server, learner, walkthrough. The order that the learner last saw is read if it is
#: not the live one. Steps that moved in count as done if the learner did them where they were.
READ_PLACE = Statement(
    "handrail_read_place",
    ("text", "text", "text", "text"),
    f"""
    SELECT w.version, w.digest, p.status, p.current_step_id, p.completed_steps,
           CASE WHEN p.version <> w.version THEN (
             SELECT jsonb_agg(jsonb_build_array(s.id, s.external_id) ORDER BY o.n)
               FROM walkthrough_versions v,
                    jsonb_array_elements_text(v.step_ids) WITH ORDINALITY AS o(id, n)
               JOIN walkthrough_steps s ON s.id = o.id
              WHERE v.organization_id = $1 AND v.walkthrough_id = $4 AND v.number = p.version
                AND s.organization_id = $1) END,
           (SELECT jsonb_agg(s.id) FROM walkthrough_steps s
             WHERE s.organization_id = $1 AND s.walkthrough_id = $4 AND s.archived_at IS NULL
               AND s.predecessor_ids <> '[]' AND EXISTS (
                 SELECT FROM walkthrough_progress e
                  WHERE e.organization_id = $1 AND e.mcp_server_user_id = $3
                    AND e.completed_steps ?| ARRAY(
                      SELECT jsonb_array_elements_text(s.predecessor_ids))))
      FROM walkthroughs w
      LEFT JOIN walkthrough_progress p ON p.organization_id = $1 AND p.walkthrough_id = w.id
       AND p.mcp_server_user_id = $3
     WHERE w.id = $4 AND {visible_sql("$1", "$2")}
    """,  # noqa: S608  constants
)


@dataclass(frozen=True, slots=True)
class StoredPlace:
    """Where the last call left a learner, and what is live.

    Attributes:
        version: the live one.
        digest: of its content.
        status: not_started if they have not begun.
        step_id: the row id of the step that was last shown; none if none was.
        completed: what is completed, elsewhere too, if they have begun; else what moved in.
        last_seen: the order of the version that they last saw; none if that is the live one.
    """

    version: int
    digest: str
    status: ProgressStatus
    step_id: str | None
    completed: frozenset[str]
    last_seen: tuple[StepRef, ...] | None


async def read_place(prepared: Prepared, caller: Caller, walkthrough_id: str) -> StoredPlace | None:
    """Return the learner's place in a walkthrough; none if it is not offered here.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    row = await prepared.fetch(
        READ_PLACE, caller.organization_id, caller.server_id, caller.learner_id, walkthrough_id
    )
    if row is None:
        return None
    version, digest, status, step_id, completed, last_seen, moved = row
    state = ProgressStatus(status or ProgressStatus.NOT_STARTED)
    is_begun = state is not ProgressStatus.NOT_STARTED
    return StoredPlace(
        version,
        digest,
        state,
        step_id if is_begun else None,
        frozenset(moved or ()) | frozenset(completed if is_begun else ()),
        tuple(StepRef(*each) for each in last_seen) if last_seen else None,
    )


def place_view(
    published: PublishedVersion, place: StoredPlace, named: StepBody | None = None
) -> StatusView:
    """Return how far the learner is; a *named* step is in it if they have reached it.

    Earlier attempts are not counted. *published* is the version that *place* says.
    """
    current = None
    if place.step_id is not None:
        seen = published.step_refs if place.last_seen is None else place.last_seen
        current = current_step(
            place.step_id, place.completed, last_seen=seen, live=published.step_refs
        )
    return status_view(published, place.status, place.completed, current, ended=0, named=named)
