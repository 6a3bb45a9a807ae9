"""A server waits even if the assistant does not."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import DASHBOARD, content, new_course
from walkthroughs.database.prepared import Prepared
from walkthroughs.enums import ProgressStatus
from walkthroughs.ids import now_ms
from walkthroughs.learning import answers, pace, progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.fast_path import ADVANCE, advance_fast
from walkthroughs.publishing import writer

#: Of this process; a version of one test is never that of another.
CACHE = ContentCache()

#: Much longer than any of these tests: what is too soon is so on a busy machine, too.
PACE = 60


class Hurry:
    """A learner on the first step of three, just shown, on a server with a pace."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            caller, self.row = new_course(session)
        self.caller = replace(caller, pace_seconds=PACE)
        self.first = self.select().step.id

    def select(self, **how):
        return progress.select(
            self.database, CACHE, self.caller, self.row, **({"resume": True} | how)
        )

    def next(self, step_id=None):
        return progress.advance(self.database, CACHE, self.caller, step_id)

    def shortly(self, step_id):
        """The ordinary step's own way, as the server takes it."""

        async def call():
            prepared = Prepared(self.database, (ADVANCE,), connections=1)
            try:
                return await advance_fast(prepared, self.caller, step_id)
            finally:
                prepared.close()

        return asyncio.run(call())

    def pretend_shown(self, seconds_ago):
        """Let the step have been shown that long ago; a negative number lies ahead."""
        with self.database.engine.begin() as connection:
            connection.execute(
                text("UPDATE walkthrough_progress SET active_at = :at"),
                {"at": now_ms() - round(seconds_ago * 1000)},
            )

    def facts(self):
        with self.database.engine.begin() as connection:
            return connection.execute(
                text(
                    "SELECT jsonb_array_length(completed_steps) AS done, hurried_calls, active_at,"
                    " status::text, version FROM walkthrough_progress"
                )
            ).one()


@pytest.fixture
def hurry(database):
    return Hurry(database)


@pytest.mark.behaviour("B16")
@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
def test_a_call_that_comes_too_soon_moves_nothing_and_says_why(hurry, named):
    before = hurry.facts()
    view = hurry.next(hurry.first if named else None)
    after = hurry.facts()

    assert (view.step.id, view.hurried) == (hurry.first, True)
    assert re.search(r"this step was shown \d+ seconds? ago", view.notice)
    assert (after.done, after.active_at, after.version) == (0, before.active_at, before.version)
    assert after.hurried_calls == 1


def test_the_same_call_a_little_later_succeeds(hurry):
    hurry.next(hurry.first)
    hurry.pretend_shown(PACE)
    view = hurry.next(hurry.first)

    assert (view.step.title, view.hurried) == ("Two", False)
    assert hurry.facts().hurried_calls == 1


def test_the_short_way_holds_back_and_answers_as_the_rules_do(hurry):
    hurry.pretend_shown(2.5)
    by_rules = hurry.next(hurry.first)
    moved = hurry.shortly(hurry.first)

    assert without_seconds(answers.cached_view(CACHE, moved)) == without_seconds(by_rules)
    assert (hurry.facts().done, hurry.facts().hurried_calls) == (0, 2)
    hurry.pretend_shown(PACE)
    assert answers.cached_view(CACHE, hurry.shortly(hurry.first)).step.title == "Two"


def without_seconds(view):
    """The two are not asked within the same second."""
    return replace(view, notice=re.sub(r"\d+ seconds? ago", "a while ago", view.notice))


@pytest.mark.parametrize("seconds", [0, 0.1, PACE - 0.1, PACE, PACE + 0.1, 3600])
@pytest.mark.parametrize("sign", [1, -1], ids=["ago", "ahead"])
def test_statement_and_rule_agree_about_every_clock(hurry, seconds, sign):
    now = 1_800_000_000_000
    shown_at = now - sign * round(seconds * 1000)
    with hurry.database.engine.begin() as connection:
        connection.execute(
            text("UPDATE walkthrough_progress SET active_at = :at"), {"at": shown_at}
        )

    async def call():
        prepared = Prepared(hurry.database, (ADVANCE,), connections=1)
        c = hurry.caller
        row = await prepared.fetch(
            ADVANCE,
            c.organization_id,
            c.learner_id,
            c.server_id,
            hurry.first,
            now,
            PACE,
            c.link_hash,
            c.bearer_hash,
        )
        prepared.close()
        return row

    _, _, _, current, _, active_at = asyncio.run(call())
    hurried = pace.is_hurried(shown_at, now, PACE)

    assert (current == hurry.first) is hurried
    assert active_at == (pace.restamped(shown_at, now) if hurried else now)
    assert hurry.facts().hurried_calls == int(hurried)


def test_with_a_clock_set_back_nobody_waits_longer_than_the_pace(hurry):
    hurry.pretend_shown(-(PACE - 1))  # shown before the clock was set back
    assert hurry.next(hurry.first).hurried
    assert hurry.facts().active_at <= now_ms()  # so it is over when the pace is

    hurry.pretend_shown(-3600)
    assert not hurry.next(hurry.first).hurried


@pytest.mark.behaviour("B17")
def test_parallel_and_repeated_calls_without_a_step_move_at_most_one(hurry):
    hurry.pretend_shown(PACE)
    with ThreadPoolExecutor(8) as pool:
        views = list(pool.map(lambda _: hurry.next(), range(200)))

    assert [view.step.title for view in views] == ["Two"] * 200
    assert sum(not view.hurried for view in views) == 1
    assert hurry.facts().done == 1
    assert hurry.facts().hurried_calls == 199


def test_the_last_step_is_held_back_too(hurry):
    for _ in range(2):
        hurry.pretend_shown(PACE)
        hurry.next()
    held = hurry.next()

    assert (held.step.title, held.progress.status) == ("Three", ProgressStatus.IN_PROGRESS)
    hurry.pretend_shown(PACE)
    assert hurry.next().progress.status is ProgressStatus.COMPLETED
    assert not hurry.next().hurried  # nothing is left to hold back


def test_a_step_that_is_shown_again_by_another_assistant_starts_its_time_again(hurry):
    hurry.pretend_shown(PACE)
    hurry.select()

    assert hurry.next(hurry.first).hurried


def test_what_is_not_the_learners_place_is_answered_with_the_place(hurry):
    hurry.pretend_shown(PACE)
    two = hurry.next(hurry.first)
    again = hurry.next(hurry.first)

    assert (again.step.id, again.hurried) == (two.step.id, False)
    assert "nothing moved" in again.notice
    assert hurry.facts().hurried_calls == 0


def test_a_step_that_vanished_is_not_waited_for(hurry):
    with hurry.database.transaction() as session:
        writer.publish(
            session, hurry.caller.organization_id, hurry.row, content("two", "three"), DASHBOARD
        )
    view = hurry.next(hurry.first)

    assert (view.step.title, view.hurried) == ("Two", False)


def test_a_call_that_is_held_back_leaves_the_news_for_the_next_one(hurry):
    with hurry.database.transaction() as session:
        writer.publish(
            session,
            hurry.caller.organization_id,
            hurry.row,
            content("zero", "one", "two", "three"),
            DASHBOARD,
        )
    held = hurry.next(hurry.first)
    hurry.pretend_shown(PACE)
    moved = hurry.next(hurry.first)

    assert held.hurried
    assert "1 step added before this one" in held.notice
    assert "1 step added before this one" in moved.notice


def test_a_server_without_a_pace_holds_nobody_back(hurry):
    hurry.caller = replace(hurry.caller, pace_seconds=0)

    assert hurry.next(hurry.first).step.title == "Two"
    assert hurry.next().step.title == "Three"
