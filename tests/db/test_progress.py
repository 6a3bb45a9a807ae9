"""A learner's way, call by call, with the content changing underneath."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import psycopg2.extensions
import pytest
from sqlalchemy import event, text

from tests.builders import DASHBOARD, content, learner, new_course, show, step, walkthrough
from walkthroughs.database.prepared import Prepared
from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import NothingStarted, StepNotFound, WalkthroughNotFound
from walkthroughs.learning import answers, catalog, progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.fast_path import ADVANCE, advance_fast
from walkthroughs.publishing import writer

#: Of this process; a version of one test is never that of another.
CACHE = ContentCache()


class Learner:
    """One learner in one walkthrough; steps are named by their titles."""

    def __init__(self, database, caller, row):
        self.database, self.caller, self.row = database, caller, row

    def select(self, *, resume=True):
        return progress.select(self.database, CACHE, self.caller, self.row, resume=resume)

    def next(self, step_id=None):
        return progress.advance(self.database, CACHE, self.caller, step_id)

    def status(self):
        return progress.status(self.database, CACHE, self.caller, self.row)

    def edit(self, wanted):
        with self.database.transaction() as session:
            writer.publish(session, self.caller.organization_id, self.row, wanted, DASHBOARD)

    def done(self):
        return [line.title for line in self.status().steps if line.completed]


@pytest.fixture
def lea(database):
    with database.transaction() as session:
        caller, row = new_course(session)
    return Learner(database, caller, row)


def test_from_the_first_step_to_the_end(lea):
    view = lea.select()
    titles = []
    while view.step:
        titles.append(view.step.title)
        view = lea.next(view.step.id)

    assert titles == ["One", "Two", "Three"]
    assert view.progress.status is ProgressStatus.COMPLETED
    assert (view.progress.completed_steps, view.progress.percent) == (3, 100)


@pytest.mark.behaviour("B1")
def test_a_repeated_call_moves_once_and_says_so(lea):
    first = lea.select().step.id
    lea.next(first)
    again = lea.next(first)

    assert again.step.title == "Two"
    assert "nothing moved" in again.notice
    assert lea.done() == ["One"]


@pytest.mark.behaviour("B2")
def test_a_step_ahead_moves_nothing(lea):
    lea.select()
    last = lea.status().steps[-1].id
    view = lea.next(last)

    assert view.step.title == "One"
    assert "nothing moved" in view.notice


@pytest.mark.behaviour("B3")
def test_without_a_step_the_walkthrough_of_the_last_call_goes_on(lea):
    lea.select()

    assert lea.next().step.title == "Two"


def test_next_before_any_start_says_what_to_do(lea):
    with pytest.raises(NothingStarted, match="select_walkthrough"):
        lea.next()


def test_beginning_again_keeps_nothing_completed(lea):
    lea.next(lea.select().step.id)
    view = lea.select(resume=False)

    assert view.step.title == "One"
    assert view.progress.completed_steps == 0


@pytest.mark.behaviour("B12")
def test_reset_forgets_and_can_be_repeated(lea):
    lea.next(lea.select().step.id)
    progress.reset(lea.database, CACHE, lea.caller, lea.row)
    progress.reset(lea.database, CACHE, lea.caller, lea.row)

    assert lea.status().status is ProgressStatus.NOT_STARTED


@pytest.mark.behaviour("B10")
def test_new_text_is_in_the_next_answer_without_a_notice(lea):
    lea.select()
    lea.edit(content(steps=(step("one", content="New words."), step("two"), step("three"))))
    view = lea.select()

    assert view.step.content == "New words."
    assert (view.walkthrough.version, view.notice) == (2, None)


@pytest.mark.behaviour("B10")
def test_a_step_put_in_before_leaves_the_place_and_is_told(lea):
    two = lea.next(lea.select().step.id).step.id
    lea.edit(content("zero", "one", "two", "three"))
    view = lea.select()

    assert view.step.id == two
    assert view.notice == "Changed since you were here: 1 step added before this one."
    assert lea.select().notice is None


@pytest.mark.behaviour("B4")
def test_a_vanished_step_is_answered_with_the_next_one_and_counts_as_history(lea):
    two = lea.next(lea.select().step.id).step.id
    lea.edit(content("one", "three"))
    view = lea.next(two)

    assert view.step.title == "Three"
    assert "1 step removed" in view.notice
    lea.edit(content("one", "two", "three"))
    assert lea.done() == ["One", "Two"]


def test_a_step_that_vanished_before_the_end_is_not_done_by_going_on_after_the_end(lea):
    view = lea.next(lea.next(lea.select().step.id).step.id)
    assert view.step.title == "Three"
    lea.edit(content("one", "two"))
    assert lea.select().step is None
    assert lea.next().step is None
    lea.next(view.step.id)
    lea.edit(content("one", "two", "three"))

    assert lea.done() == ["One", "Two"]


@pytest.mark.behaviour("B11")
def test_a_step_to_do_again_is_asked_for_again(lea):
    one = lea.select().step.id
    lea.next(one)
    lea.edit(content(steps=(step("one", revision=2), step("two"), step("three"))))

    assert lea.select().step.title == "Two"
    assert lea.done() == []
    lea.edit(content())
    assert lea.done() == ["One"]


@pytest.mark.behaviour("B5")
def test_finished_stays_finished_when_steps_are_added(lea):
    view = lea.select()
    while view.step:
        view = lea.next(view.step.id)
    lea.edit(content("one", "two", "three", "four", "five"))
    view = lea.select()

    assert view.progress.status is ProgressStatus.COMPLETED
    assert view.step.title == "Four"
    assert "2 new steps since you finished" in view.notice


@pytest.mark.behaviour("B6")
def test_a_walkthrough_that_is_withdrawn_is_not_there_and_progress_waits(lea):
    one = lea.select().step.id
    organization = lea.caller.organization_id
    with lea.database.transaction() as session:
        show(session, organization, lea.row, False)

    assert catalog.list_walkthroughs(lea.database, lea.caller).cards == ()
    with pytest.raises(StepNotFound):
        lea.next(one)
    with pytest.raises(WalkthroughNotFound):
        lea.status()
    with lea.database.transaction() as session:
        show(session, organization, lea.row, True)
    assert lea.next(one).step.title == "Two"


@pytest.mark.behaviour("B6")
def test_another_organizations_learner_finds_nothing(lea, database):
    one = lea.select().step.id
    with database.transaction() as session:
        foreign, _ = new_course(session, slug="other")

    for call in (
        lambda: progress.select(database, CACHE, foreign, lea.row, resume=True),
        lambda: progress.status(database, CACHE, foreign, lea.row),
        lambda: progress.reset(database, CACHE, foreign, lea.row),
        lambda: progress.advance(database, CACHE, foreign, one),
    ):
        with pytest.raises((WalkthroughNotFound, StepNotFound)):
            call()
    assert lea.done() == []


def test_the_list_shows_the_learners_progress_and_none_to_a_stranger(lea):
    lea.next(lea.select().step.id)
    caller = lea.caller
    (mine,) = catalog.list_walkthroughs(lea.database, caller).cards
    (plain,) = catalog.list_walkthroughs(
        lea.database, Caller(caller.organization_id, caller.server_id)
    ).cards

    assert (mine.status, mine.completed_steps, mine.percent) == (ProgressStatus.IN_PROGRESS, 1, 33)
    assert (plain.total_steps, plain.status, plain.percent) == (3, None, None)


def test_an_ordinary_step_is_one_round_trip(lea):
    one = lea.select().step.id
    statements = []

    class Counting(psycopg2.extensions.cursor):
        def execute(self, sql, *args):
            statements.append(sql)
            return super().execute(sql, *args)

    async def two_steps():
        prepared = Prepared(lea.database, (ADVANCE,), connections=1)
        first = await advance_fast(prepared, lea.caller, one)  # opens the connection
        prepared._free[0].connection.cursor_factory = Counting
        event.listen(lea.database.engine, "checkout", lambda *_: statements.append("the pool"))
        second = await advance_fast(prepared, lea.caller, first.current_step_id)
        prepared.close()
        return answers.cached_view(CACHE, second)

    view = asyncio.run(two_steps())

    assert view.step.title == "Three"
    assert len(statements) == 1
    assert statements[0].startswith("EXECUTE handrail_advance")


def test_the_short_way_answers_as_the_rules_do(lea, database):
    one = lea.select().step.id
    by_rules = lea.next(one)
    lea.select(resume=False)

    async def shortly():
        prepared = Prepared(database, (ADVANCE,), connections=1)
        moved = await advance_fast(prepared, lea.caller, one)
        repeated = await advance_fast(prepared, lea.caller, one)
        prepared.close()
        return answers.cached_view(CACHE, moved), repeated

    assert asyncio.run(shortly()) == (by_rules, None)


@pytest.mark.behaviour("B1")
def test_a_hundred_learners_twenty_equal_calls_each_move_once(lea):
    caller = lea.caller
    with lea.database.transaction() as session:
        people = [
            Caller(
                caller.organization_id,
                caller.server_id,
                learner(session, caller.organization_id, f"{n}@x.example").id,
            )
            for n in range(100)
        ]
    starts = [
        progress.select(lea.database, CACHE, who, lea.row, resume=True).step.id for who in people
    ]
    calls = [(who, first) for who, first in zip(people, starts, strict=True) for _ in range(20)]
    with ThreadPoolExecutor(lea.database.pool_size) as pool:
        views = list(
            pool.map(
                lambda call: progress.advance(lea.database, CACHE, call[0], call[1]),
                calls,
            )
        )

    assert {view.step.title for view in views} == {"Two"}
    with lea.database.transaction() as session:
        lengths = session.scalars(
            text("SELECT jsonb_array_length(completed_steps) FROM walkthrough_progress")
        ).all()
    assert sorted(lengths) == [1] * 100


def test_two_that_start_over_at_once_do_not_wait_for_each_other_for_ever(database):
    with database.transaction() as session:
        caller, first = new_course(session)
        other = content("uno", "dos", id="other")
        second = walkthrough(session, caller.organization_id, other, server_id=caller.server_id)

    def restart(order):
        views = [
            progress.select(database, CACHE, caller, order[number % 2], resume=False)
            for number in range(60)
        ]
        return {view.progress.completed_steps for view in views}

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(restart, ((first, second), (second, first))))

    assert done == [{0}, {0}]


def test_no_call_reads_the_texts_of_a_version_that_is_in_memory(lea):
    one, statements = lea.select().step.id, []
    event.listen(
        lea.database.engine, "before_cursor_execute", lambda *call: statements.append(call[2])
    )
    lea.select()
    lea.next(one)
    lea.status()

    assert statements
    assert not [sql for sql in statements if "s.content" in sql]


def test_the_memory_for_versions_is_bounded_by_their_texts(lea):
    with lea.database.engine.connect() as connection:
        owner = lea.caller.organization_id
        small, large = ContentCache(max_characters=10), ContentCache()
        for cache in (small, large):
            assert cache.read(connection, owner, lea.row) is not None
    version = lea.select().walkthrough.version

    assert small.get(lea.row, version) is None
    assert large.get(lea.row, version) is not None
