"""Read where a learner is in a walkthrough, in one statement that changes nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass

from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.answers import status_view
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import PublishedVersion
from walkthroughs.learning.position import StepRef, completed_before_move, current_step
from walkthroughs.learning.views import StatusView, StepBody
from walkthroughs.learning.visibility import DIGEST, visible_sql

#: Organization, server, learner, walkthrough, and the row ids that its steps had elsewhere. The
#: order that the learner last saw is read if it is not the live one.
READ_PLACE = Statement(
    "handrail_read_place",
    ("text", "text", "text", "text", "text[]"),
    f"""
    SELECT w.version, {DIGEST}, p.status, p.current_step_id, p.completed_steps::text,
           CASE WHEN p.version <> w.version THEN (
             SELECT jsonb_agg(jsonb_build_array(s.id, s.external_id) ORDER BY o.n)
               FROM walkthrough_versions v,
                    jsonb_array_elements_text(v.step_ids) WITH ORDINALITY AS o(id, n)
               JOIN walkthrough_steps s ON s.id = o.id
              WHERE v.organization_id = $1 AND v.walkthrough_id = $4 AND v.number = p.version
                AND s.organization_id = $1) END,
           CASE WHEN $5 <> '{{}}' THEN (
             SELECT jsonb_agg(DISTINCT done.id)
               FROM walkthrough_progress e,
                    jsonb_array_elements_text(e.completed_steps) AS done(id)
              WHERE e.organization_id = $1 AND e.mcp_server_user_id = $3
                AND done.id = ANY ($5)) END,
           (SELECT count(*) FROM walkthrough_attempts a
             WHERE a.organization_id = $1 AND a.mcp_server_user_id = $3 AND a.walkthrough_id = $4)
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
        digest: what `DIGEST` says of it.
        status: not_started if they have not begun.
        step_id: the row id of the step that was last shown; none if none was.
        completed_json: an array of the row ids of the steps that are completed, as it is stored;
            none if they never began. Who has reset may have some, of steps that had moved away.
        moved: the row ids of steps that moved in, and were completed elsewhere.
        last_seen: the order of the version that they last saw; none if that is the live one.
        earlier_attempts: how many they ended by beginning again.
    """

    version: int
    digest: str
    status: ProgressStatus
    step_id: str | None
    completed_json: str | None
    moved: frozenset[str]
    last_seen: tuple[StepRef, ...] | None
    earlier_attempts: int

    @property
    def completed(self) -> frozenset[str]:
        """Return what is completed, here or elsewhere. It reads the array each time."""
        return self.moved.union(json.loads(self.completed_json or "[]"))

    def is_in(self, published: PublishedVersion | None) -> bool:
        """Return whether *published* is the live version."""
        return published is not None and (published.ref.version, published.digest) == (
            self.version,
            self.digest,
        )


async def read_place(
    prepared: Prepared, caller: Caller, walkthrough_id: str, known: PublishedVersion | None
) -> StoredPlace | None:
    """Return the learner's place in a walkthrough; none if it is not offered here.

    What is completed is all only if *known*, a version that is in memory, is the live one: ask
    again if the place is not in it.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    row = await prepared.fetch(
        READ_PLACE,
        caller.organization_id,
        caller.server_id,
        caller.learner_id,
        walkthrough_id,
        known.predecessor_ids if known else [],
    )
    if row is None:
        return None
    version, digest, status, step_id, completed, last_seen, elsewhere, attempts = row
    state = ProgressStatus(status or ProgressStatus.NOT_STARTED)
    is_begun = state is not ProgressStatus.NOT_STARTED
    moved: frozenset[str] = frozenset()
    if known and elsewhere:
        moved = completed_before_move(frozenset(elsewhere), known.step_refs)
    return StoredPlace(
        version,
        digest,
        state,
        step_id if is_begun else None,
        completed,
        moved,
        tuple(StepRef(*each) for each in last_seen) if last_seen else None,
        attempts,
    )


def place_view(
    published: PublishedVersion, place: StoredPlace, named: StepBody | None = None
) -> StatusView:
    """Return how far the learner is; a *named* step is in it if they have reached it.

    *published* is the version that *place* is in.
    """
    completed = place.completed
    return status_view(
        published,
        place.status,
        completed,
        _current(published, place, completed),
        ended=place.earlier_attempts,
        named=named,
    )


def _current(
    published: PublishedVersion, place: StoredPlace, completed: frozenset[str]
) -> str | None:
    if place.step_id is None or (
        place.step_id in published.step_ids and place.step_id not in completed
    ):
        return place.step_id  # as `current_step` would say, after comparing the orders
    seen = published.step_refs if place.last_seen is None else place.last_seen
    return current_step(place.step_id, completed, last_seen=seen, live=published.step_refs)
