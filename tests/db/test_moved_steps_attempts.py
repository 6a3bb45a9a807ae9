"""What a new attempt keeps of steps that moved between walkthroughs."""

import asyncio

import pytest
from sqlalchemy import text

from tests.moving_source import attempts, synced
from walkthroughs.database.prepared import Prepared
from walkthroughs.learning.fast_path import ADVANCE, advance_fast

__all__ = ["synced"]


@pytest.mark.behaviour("B18")
def test_beginning_again_keeps_what_was_done_elsewhere_and_stops_counting(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["b1", "login", "b2"], ("aa/a1", "login")))
    synced.complete("bb", "B1")
    synced.open("bb", resume=False)

    ((walkthrough, steps),) = attempts(synced)
    assert (walkthrough, sorted(steps)) == ("bb", [("bb", "b1"), ("bb", "login")])
    assert synced.done("bb") == []


def test_what_was_done_elsewhere_only_ends_with_an_attempt_of_its_own(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["login", "b1"], ("aa/a1", "login")))
    synced.open("bb", resume=False)

    assert attempts(synced) == [("bb", [("bb", "login")])]


def test_what_was_done_before_a_step_came_and_went_again_is_kept_too(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["b1", "login"], ("aa/a1", "login")))
    synced.edit(bb=(["b1", "b2"],))
    synced.open("bb", resume=False)

    assert attempts(synced) == [("bb", [("aa", "a1")])]


def test_a_step_that_moved_away_is_no_part_of_the_attempt_and_stays_done_where_it_is(synced):
    synced.complete("aa", "A2")
    synced.edit(aa=(["a2", "a3"],), bb=(["b1", "login", "b2"], ("aa/a1", "login")))
    synced.open("aa", resume=False)

    assert attempts(synced) == [("aa", [("aa", "a2")])]
    assert synced.done("bb") == ["Login"]


def test_a_step_answered_after_it_moved_is_done_where_it_is_now(synced):
    """The learner had opened the other walkthrough already: the short way must know, too."""
    synced.edit(aa=(["a1", "a3"],), bb=(["b1", "a2", "b2"], ("aa/a2", "a2")))
    view = synced.open("bb")
    synced.next(synced.rows()["aa", "a2"])
    assert synced.done("bb") == ["A2"]

    async def shortly():
        prepared = Prepared(synced.database, (ADVANCE,), connections=1)
        moved = await advance_fast(prepared, synced.caller, view.step.id)
        prepared.close()
        return moved

    assert asyncio.run(shortly()) is None
    assert synced.next(view.step.id).step.title == "B2"


def test_the_database_is_asked_for_other_rows_only_if_a_step_came(synced):
    synced.edit(aa=(["a2", "a3"],), bb=(["a1", "b1"], ("aa/a1", "a1")))
    with synced.database.transaction() as session:
        held = dict(
            map(
                tuple,
                session.execute(
                    text(
                        "SELECT external_id, predecessor_ids FROM walkthrough_steps WHERE archived_at IS NULL"
                    )
                ).all(),
            )
        )

    assert held == {"a1": [synced.rows()["aa", "a1"]], "a2": [], "a3": [], "b1": []}


def test_the_plan_says_where_the_step_goes(synced):
    synced.author.write("a1", "a3", name="aa", head="status: published\nservers: [acme]")
    moved = "moved:\n  - {from: aa/a2, to: a2}"
    synced.author.write("b1", "a2", name="bb", head=f"status: published\nservers: [acme]\n{moved}")
    synced.author.commit()

    assert synced.plan().impact == (
        "1 learner is on step 'a2', which moves to 'bb'; they continue at 'a3'",
    )
