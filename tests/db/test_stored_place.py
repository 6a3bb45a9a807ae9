"""A place that is only read is the place that the status tells, in one statement."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import content, learner, new_course, step
from tests.learners import CACHE, Learner, lea
from walkthroughs.database.prepared import Prepared
from walkthroughs.learning import progress
from walkthroughs.learning.stored_place import READ_PLACE, place_view, read_place

__all__ = ["lea"]
MOVED_IN = text(
    """
    UPDATE walkthrough_steps SET predecessor_ids = jsonb_build_array(CAST(:done AS text))
     WHERE walkthrough_id = :row AND external_id = 'uno'
    """
)


def place(who, row=None):
    """The learner's place, as it is read; none if there is none to read."""

    async def read():
        prepared = Prepared(who.database, (READ_PLACE,), connections=1)
        try:
            known = CACHE.latest(row or who.row)
            return await read_place(prepared, who.caller, row or who.row, known)
        finally:
            prepared.close()

    return asyncio.run(read())


def view(who, row=None):
    """The view of that place, and that of the tool."""
    status = progress.status(who.database, CACHE, who.caller, row or who.row)
    found = place(who, row)
    published = CACHE.get(row or who.row, found.version, found.digest)
    return place_view(published, found), status


@pytest.mark.parametrize("steps", range(4))
def test_it_is_what_the_status_tells_at_each_step(lea, steps):
    for _ in range(steps):
        shown = lea.select()
        lea.next(shown.step.id)

    read, told = view(lea)

    assert read == told


@pytest.mark.parametrize(
    "wanted",
    [
        content("two", "three"),
        content("one", "three"),
        content("zero", "one", "two", "three"),
        content("three", "two", "one"),
        content("one", "new"),
        content(steps=(step("one"), step("two", revision=2), step("three"))),
    ],
    ids=["done away", "current away", "before", "reordered", "rest replaced", "to do again"],
)
def test_it_is_what_the_status_tells_after_the_steps_have_changed(lea, wanted):
    lea.next(lea.select().step.id)
    lea.edit(wanted)

    read, told = view(lea)

    assert read == told
    assert read.current_step_id is not None


def test_a_step_that_was_done_in_another_walkthrough_counts_as_reached(lea):
    other, done = lea.add_other(), lea.select().step.id
    lea.next(done)
    with lea.database.transaction() as session:
        session.execute(MOVED_IN, {"row": other, "done": done})

    read, told = view(lea, other)

    assert read == told
    assert [line.completed for line in read.steps] == [True, False]


def test_nobody_reads_the_place_of_another_learner_or_what_is_offered_elsewhere(database, lea):
    lea.next(lea.select().step.id)
    with database.transaction() as session:
        caller, theirs = new_course(session, content(id="theirs"), "other")
        bob = learner(session, lea.caller.organization_id, "bob@x.example").id
    stranger = Learner(database, caller, theirs)

    assert place(stranger, lea.row) is None
    assert place(lea, theirs) is None
    assert place(Learner(database, replace(lea.caller, learner_id=bob), lea.row)).completed == set()
    assert place(lea, "wt_nothing") is None


def test_what_another_learner_did_or_began_again_is_not_hers_and_she_saw_one_version(lea):
    other, first = lea.add_other(), lea.select().step.id
    with lea.database.transaction() as session:
        bob = learner(session, lea.caller.organization_id, "bob@x.example").id
        session.execute(MOVED_IN, {"row": other, "done": first})
    bob = Learner(lea.database, replace(lea.caller, learner_id=bob), lea.row)
    bob.next(bob.select().step.id)
    for row in (lea.row, other):  # reads the versions
        progress.status(lea.database, CACHE, lea.caller, row)
    assert len(place(bob, other).completed) == 1
    assert place(lea, other).completed == set()
    bob.select(resume=False)
    assert (place(bob).earlier_attempts, place(lea).earlier_attempts) == (1, 0)

    lea.edit(content("two", "three"))
    lea.edit(content("three"))
    lea.select()
    lea.edit(content("four", "three"))
    assert [each.author_id for each in place(bob).last_seen] == ["one", "two", "three"]
    assert [each.author_id for each in place(lea).last_seen] == ["three"]


def test_after_a_reset_nothing_is_reached(lea):
    lea.next(lea.select().step.id)
    progress.reset(lea.database, CACHE, lea.caller, lea.row)

    read, told = view(lea)

    assert read == told
    assert not any(line.completed or line.current for line in read.steps)


def test_what_is_left_of_a_reset_and_live_again_counts_as_done(lea):
    lea.next(lea.select().step.id)
    with lea.database.transaction() as session:  # it had moved away, and has come back
        session.execute(text("UPDATE walkthrough_progress SET status = 'not_started'"))

    read, told = view(lea)

    assert read == told
    assert [line.completed for line in read.steps] == [True, False, False]
    assert read.current_step_id is None
