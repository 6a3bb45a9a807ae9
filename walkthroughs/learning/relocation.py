"""Put a learner on a step that a member has chosen for them."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text

from walkthroughs.database.pool import Database
from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import HandrailError, NothingStarted
from walkthroughs.learning import moved_steps
from walkthroughs.learning.answers import live_step, live_version
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.progress_rows import OWN_ROWS, read_row, row_keys
from walkthroughs.learning.views import StepBody

# The version that the learner last saw stays, so that they are still told what changed since.
_MOVE = text(
    f"""
    UPDATE walkthrough_progress p
       SET current_step_id = :step_id, status = 'in_progress', completed_at = NULL
     WHERE {OWN_ROWS} AND p.walkthrough_id = :walkthrough_id
    """  # noqa: S608  constants
)


def move_to_step(
    database: Database,
    cache: ContentCache,
    caller: Caller,
    walkthrough_id: str,
    step_id: str,
    also: Callable[[Connection], None] | None = None,
) -> StepBody:
    """Put the learner on a live step of a walkthrough that they have started; return the step.

    The step is to be done, also if it was done before. All other completions stay: steps that the
    learner skips are asked for after the last one. *also* is done in the same transaction.

    Raises:
        WalkthroughNotFound: it is not offered on the caller's server.
        LiveStepNotFound: it has no such step now.
        NothingStarted: the learner has not started it.
        HandrailError: the step counts as done by another walkthrough that has it, too.
    """

    def work() -> StepBody:
        with database.begin() as connection:
            published = live_version(connection, cache, caller, walkthrough_id)
            step = live_step(published, step_id, None)
            assert step is not None  # noqa: S101  it was named
            moved_steps.lock_progress_rows(connection, caller)
            row = read_row(connection, caller, walkthrough_id, lock=True)
            if row is None or row.status == ProgressStatus.NOT_STARTED:
                raise NothingStarted
            (place,) = (each for each in published.step_refs if each.id == step_id)
            names = {place.id} | place.predecessor_ids
            moved_steps.remove_completions(connection, caller, walkthrough_id, among=names)
            if moved_steps.completed_before_move(connection, caller, [place]):
                raise HandrailError(
                    f'"{step.title}" counts as done, because another walkthrough has it, too, and '
                    "the learner did it there. Choose another step."
                )
            keys = row_keys(caller) | {"walkthrough_id": walkthrough_id, "step_id": step_id}
            connection.execute(_MOVE, keys)
            if also is not None:
                also(connection)
            return step

    return database.attempt(work)
