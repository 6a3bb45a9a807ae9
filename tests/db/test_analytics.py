"""Numbers of a small history, counted by hand; and none of another organization."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from admin.pages.analytics.figures import Overview, read_overview
from bench.history import SUMS
from tests.builders import content, learner, new_course, server, walkthrough
from tests.events import move_all
from tests.learners import CACHE, Learner
from walkthroughs.events import analytics
from walkthroughs.events.scope import PERIOD_DAYS, SILENT_DAYS, Counts, Scope
from walkthroughs.events.step_numbers import (
    Place,
    Steps,
    count_steps,
    read_steps,
    read_versions_published,
)
from walkthroughs.ids import now_ms
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.models import WalkthroughProgress
from walkthroughs.publishing import assignments
from walkthroughs.publishing.count_learners import count_learners

DAY_MS = 86_400_000


def today():
    """Asked anew each time: tests may run long after this file was read, and on another day."""
    return datetime.now(UTC).date()


class Course:
    """An organization whose learners walk; all of it is read of today and 29 days before."""

    def __init__(self, database, slug="acme"):
        self.database = database
        with database.transaction() as session:
            caller, self.row = new_course(session, slug=slug)
            self.other = walkthrough(
                session, caller.organization_id, content("uno", id="other", title="Other"),
                server_id=caller.server_id,
            )  # fmt: skip
        self.org, self.server = caller.organization_id, caller.server_id

    def person(self, name, server_id=None):
        with self.database.transaction() as session:
            who = learner(session, self.org, f"{name}@x.example")
            return Caller(self.org, server_id or self.server, who.id)

    def walk(self, caller, row, steps):
        """Open a walkthrough and complete so many steps of it."""
        at = progress.select(self.database, CACHE, caller, row, resume=True)
        for _ in range(steps):
            at = progress.advance(self.database, CACHE, caller, at.step.id)

    def scope(self, days=30, **chosen):
        return Scope(self.org, today() - timedelta(days=days - 1), today(), **chosen)

    def read(self, work, *more, **chosen):
        with self.database.transaction() as session:
            return work(session, self.scope(**chosen), *more)

    def later(self, caller, ms):
        """Let the learner's places have been shown so much earlier."""
        with self.database.begin() as connection:
            connection.execute(
                text(
                    "UPDATE walkthrough_progress SET active_at = active_at - :ms"
                    " WHERE mcp_server_user_id = :who"
                ),
                {"ms": ms, "who": caller.learner_id},
            )


@pytest.fixture
def course(database):
    return Course(database)


def steps(course, **chosen):
    found = course.read(read_steps, now_ms(), walkthrough_id=course.row, **chosen)
    rows, gone = found.numbers, found.gone
    return [(row.title, row.reached, row.stopped) for row in rows], gone


def test_starts_and_completions_are_counted_by_day_walkthrough_and_version(course):
    ann, bob = course.person("ann"), course.person("bob")
    course.walk(ann, course.row, 3)
    course.walk(ann, course.other, 1)
    course.walk(bob, course.row, 1)
    progress.select(course.database, CACHE, bob, course.row, resume=False)
    move_all(course.database)

    assert course.read(analytics.read_days) == {today(): Counts(started=4, finished=2)}
    assert course.read(analytics.read_walkthroughs) == [
        (course.row, Counts(3, 1)),
        (course.other, Counts(1, 1)),
    ]
    assert course.read(analytics.read_versions, walkthrough_id=course.row) == [(1, Counts(3, 1))]
    assert course.read(analytics.read_servers) == [(course.server, Counts(4, 2))]
    assert course.read(analytics.read_days, version=2) == {}
    assert course.read(analytics.read_days, server_id="srv_other") == {}


def test_as_many_days_before_are_read_too_and_none_earlier(course):
    with course.database.begin() as connection:
        for age in (0, 6, 7, 13, 14):
            connection.execute(
                text(
                    "INSERT INTO event_days (organization_id, day, walkthrough_id, mcp_server_id,"
                    " version, started) VALUES (:org, :day, 'wt', 'srv', 1, :count)"
                ),
                {"org": course.org, "day": today() - timedelta(days=age), "count": age + 1},
            )
        connection.execute(text(SUMS[0]))
    scope = course.scope(days=7)
    found = course.read(analytics.read_days, days=7)

    assert (scope.days, scope.before.days) == (7, 7)
    assert scope.before.last + timedelta(days=1) == scope.first
    assert {(today() - day).days: counts.started for day, counts in found.items()} == {
        0: 1, 6: 7, 7: 8, 13: 14,
    }  # fmt: skip
    assert course.read(analytics.read_walkthroughs, days=7) == [("wt", Counts(8, 0))]


def test_each_step_says_who_reached_it_and_who_stopped_there(course):
    for name, done, days in (
        ("ann", 3, 0), ("bob", 2, SILENT_DAYS + 1), ("cid", 0, SILENT_DAYS + 1), ("dan", 0, 1),
    ):  # fmt: skip
        caller = course.person(name)
        course.walk(caller, course.row, done)
        course.later(caller, days * DAY_MS)

    assert steps(course) == ([("One", 4, 1), ("Two", 2, 0), ("Three", 2, 1)], 0)


def test_steps_are_of_the_chosen_server_and_version_and_of_who_began_in_time(course):
    with course.database.transaction() as session:
        second = server(session, course.org, "second")
        assignments.assign(session, course.org, second.id, [course.row])
        second_id = second.id
    course.walk(course.person("ann"), course.row, 1)
    course.walk(course.person("bob", second_id), course.row, 0)

    assert steps(course)[0] == [("One", 2, 0), ("Two", 1, 0), ("Three", 0, 0)]
    assert steps(course, server_id=second_id)[0][0] == ("One", 1, 0)
    assert steps(course, version=2)[0][0] == ("One", 0, 0)
    with course.database.transaction() as session:
        session.query(WalkthroughProgress).update(
            {"started_at": WalkthroughProgress.started_at - 40 * DAY_MS}
        )
    assert steps(course)[0][0] == ("One", 0, 0)
    assert steps(course, days=90)[0][0] == ("One", 2, 0)


def test_who_stands_at_a_step_that_was_taken_out_is_told_apart(course):
    ann = course.person("ann")
    course.walk(ann, course.row, 1)
    Learner(course.database, ann, course.row).edit(content("one", "three"))

    assert steps(course) == ([("One", 0, 0), ("Three", 0, 0)], 1)


def test_who_finished_has_not_reached_a_step_that_was_added_at_the_end(course):
    ann = course.person("ann")
    course.walk(ann, course.row, 3)
    Learner(course.database, ann, course.row).edit(content("one", "two", "three", "four"))

    assert [reached for _, reached, _ in steps(course)[0]] == [1, 1, 1, 0]


def test_without_any_step_left_nobody_is_lost_or_raises():
    places = [Place("ws_x", False, 3, 1), Place("ws_x", True, 2, 0)]

    assert count_steps([], places, {}) == ([], 3)


def test_the_time_of_a_step_is_the_median_of_its_completions(course):
    for name, seconds in (("ann", 30), ("bob", 60), ("cid", 600)):
        caller = course.person(name)
        first = progress.select(course.database, CACHE, caller, course.row, resume=True)
        course.later(caller, seconds * 1000)
        progress.advance(course.database, CACHE, caller, first.step.id)
    move_all(course.database)
    rows = course.read(read_steps, now_ms(), walkthrough_id=course.row).numbers

    assert 60_000 <= rows[0].median_ms < 90_000
    assert [row.timed for row in rows] == [3, 0, 0]
    assert rows[1].median_ms is None

    # A completion without a time is none that the median is of; nor is one of the days before.
    with course.database.begin() as connection:
        connection.execute(
            text(
                "UPDATE tool_events SET step_ms = NULL WHERE mcp_server_user_id ="
                " (SELECT min(mcp_server_user_id) FROM tool_events WHERE step_ms IS NOT NULL)"
            )
        )
    scope = Scope(course.org, today() + timedelta(days=1), today(), walkthrough_id=course.row)
    with course.database.transaction() as session:
        assert read_steps(session, scope, now_ms()).numbers[0].timed == 0
    assert course.read(read_steps, now_ms(), walkthrough_id=course.row).numbers[0].timed == 2


def test_what_is_taken_next_is_counted_by_pair(course):
    for name in ("ann", "bob"):
        caller = course.person(name)
        course.walk(caller, course.row, 1)
        course.walk(caller, course.other, 0)
    course.walk(course.person("cid"), course.other, 0)
    move_all(course.database)

    pairs, total = course.read(analytics.read_flow)
    assert sorted(pairs) == sorted(
        [("", course.row, 2), (course.row, course.other, 2), ("", course.other, 1)]
    )
    assert total == 5


def test_who_is_active_now_and_what_happens_is_of_the_moved_events(course):
    ann, bob = course.person("ann"), course.person("bob")
    course.walk(ann, course.row, 1)
    course.walk(bob, course.other, 0)
    assert course.read(analytics.read_feed) == []
    move_all(course.database)

    assert course.read(analytics.count_active_now, now_ms()) == 2
    assert course.read(analytics.count_active_now, now_ms(), walkthrough_id=course.other) == 1
    assert course.read(analytics.count_active_now, now_ms() + DAY_MS) == 0
    assert course.read(analytics.count_learners) == 2
    with course.database.begin() as connection:  # neither in the days nor in those before
        connection.execute(
            text(
                "INSERT INTO active_days (organization_id, day, learners, last) VALUES (:org, :day, 7, 0)"
            ),
            {"org": course.org, "day": today() - timedelta(days=100)},
        )
    assert course.read(analytics.count_learner_days) == (2, 0)
    feed = course.read(analytics.read_feed, walkthrough_id=course.row)
    assert [(each.kind, each.step, each.email) for each in feed] == [
        ("step", "One", "ann@x.example"),
        ("started", "One", "ann@x.example"),
    ]


def test_the_feed_has_the_newest_twenty(course):
    for number in range(12):
        course.walk(course.person(f"p{number}"), course.row, 1)
    move_all(course.database)
    feed = course.read(analytics.read_feed)

    assert len(feed) == analytics.FEED
    assert [each.occurred_at for each in feed] == sorted(
        (each.occurred_at for each in feed), reverse=True
    )


def test_versions_that_were_published_in_time_are_told(course):
    Learner(course.database, course.person("ann"), course.row).edit(content("one", "two"))
    found = course.read(read_versions_published, walkthrough_id=course.row)

    assert [number for number, _ in found] == [1, 2]
    assert all(at <= now_ms() for _, at in found)
    with course.database.begin() as connection:
        old = "UPDATE walkthrough_versions SET created_at = 1 WHERE number = 1"
        connection.execute(text(old))
    found = course.read(read_versions_published, walkthrough_id=course.row)
    assert [number for number, _ in found] == [2]


def test_what_was_counted_beforehand_is_what_pages_read_and_says_from_when_it_is(course):
    with course.database.transaction() as session:
        second = server(session, course.org, "second").id
        assignments.assign(session, course.org, second, [course.row, course.other])
    ages = (0, 2, 8, 20, 40, 200, 400)
    for number, age in enumerate(ages):
        caller = course.person(f"p{number}", second if number % 3 else None)
        course.walk(caller, course.row, number % 4)
        course.walk(caller, course.other, 1)
        course.later(caller, age * DAY_MS)
        with course.database.begin() as connection:
            for statement in (
                "UPDATE walkthrough_progress SET started_at = active_at - :ms / 2"
                " WHERE mcp_server_user_id = :who",
                "UPDATE tool_events_incoming SET occurred_at = occurred_at - :ms"
                " WHERE mcp_server_user_id = :who",
            ):
                values = {"ms": age * DAY_MS, "who": caller.learner_id}
                connection.execute(text(statement), values)
    move_all(course.database)

    def read():
        found = []
        for days in PERIOD_DAYS:
            for chosen in ({}, {"server_id": second}, {"version": 1}, {"version": 2}):
                scope = course.scope(days, walkthrough_id=course.row, **chosen)
                with course.database.transaction() as session:
                    found.append(read_steps(session, scope, now_ms()))
                    if "version" in chosen:
                        continue
                    scope = replace(scope, walkthrough_id="")
                    found.append(read_overview(session, scope, now_ms()))
        return found

    live = read()
    assert len({each.learners for each in live if isinstance(each, Overview)}) == len(PERIOD_DAYS)
    assert count_learners(course.database, many=0, many_places=0, many_starts=0)
    counted = read()

    assert [replace(each, counted_at=None) for each in counted] == live
    assert all(abs(each.counted_at - now_ms()) < 60_000 for each in counted)

    course.walk(course.person("new"), course.row, 3)
    move_all(course.database)
    steps, overview = read()[:2]
    assert steps == counted[0]
    assert overview.trend.now.started == counted[1].trend.now.started + 1
    assert overview.walkthroughs == counted[1].walkthroughs
    # Few: analytics read them again, though other pages do not.
    assert count_learners(course.database, many=0)
    assert [each.counted_at for each in read()[:2]] == [None, None]
    assert read()[0].numbers[0].reached == counted[0].numbers[0].reached + 1


def test_nothing_of_another_organization_is_counted(course):
    other = Course(course.database, "other")
    course.walk(course.person("ann"), course.row, 3)
    move_all(course.database)

    for work in (
        analytics.read_days, analytics.read_walkthroughs, analytics.read_servers,
        analytics.read_versions, analytics.read_feed, analytics.count_learners,
    ):  # fmt: skip
        assert not other.read(work), work
    assert other.read(analytics.read_flow) == ([], 0)
    assert other.read(analytics.count_learner_days) == (0, 0)
    assert other.read(analytics.count_active_now, now_ms()) == 0
    assert other.read(read_steps, now_ms(), walkthrough_id=course.row) == Steps([], 0)
    assert other.read(read_versions_published, walkthrough_id=course.row) == []
    with course.database.transaction() as session:
        assert analytics.has_any(session, course.org)
        assert analytics.has_any(session, course.org, course.row)
        assert not analytics.has_any(session, course.org, course.other)
        assert analytics.read_server_names(session, other.org) == {
            other.server: ("other", "Other"),
        }
        assert not analytics.has_any(session, other.org)
        assert not analytics.has_any(session, other.org, course.row)
        assert analytics.read_titles(session, other.org, [course.row]) == {}
