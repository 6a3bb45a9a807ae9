"""Learners of large walkthroughs are counted beforehand, and the numbers are those of a count."""

import pytest
from sqlalchemy import text

from tests.builders import content, learner, new_course, walkthrough
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import WalkthroughLearners, WalkthroughStep
from walkthroughs.publishing import count_learners as counting
from walkthroughs.publishing import learner_counts
from walkthroughs.publishing.count_learners import SERVER_DAYS, count_learners


@pytest.fixture
def crowd(database):
    """Ten learners of four steps: two on each, and two who have finished; one is not active.

    One of them has begun another walkthrough.
    """
    with database.transaction() as session:
        first, row = new_course(session, content("one", "two", "three", "four"))
        owner = first.organization_id
        other = walkthrough(
            session, owner, content("uno", "dos", "tres", id="other"), server_id=first.server_id
        )
        callers = [first] + [
            Caller(owner, first.server_id, learner(session, owner, f"l{n}@x.example").id)
            for n in range(9)
        ]
    cache = ContentCache()
    for number, caller in enumerate(callers):
        view = progress.select(database, cache, caller, row, resume=True)
        for _ in range(number // 2):
            view = progress.advance(database, cache, caller, view.step.id)
    view = progress.select(database, cache, callers[1], other, resume=True)
    progress.advance(database, cache, callers[1], view.step.id)
    with database.begin() as connection:
        connection.execute(
            text("UPDATE walkthrough_progress SET active_at = 0 WHERE mcp_server_user_id = :who"),
            {"who": first.learner_id},
        )
    return owner, row, other


def read(database, owner, row, other):
    with database.transaction() as session:
        steps = {s.external_id: s.id for s in session.query(WalkthroughStep)}
        counts = learner_counts
        done = counts.count_done(session, owner, row, list(steps.values()))
        done_there = counts.count_done(session, owner, other, list(steps.values()))
        return {
            "all": counts.count_all(session, owner, [row, other, "wt_none"]),
            "all of one": counts.count_all(session, owner, [other]),
            "active": counts.count_active(session, owner, [row, other]),
            "active of one": counts.count_active(session, owner, [other]),
            "standing": counts.learners_by_step(session, owner, [row, other]),
            "standing of one": counts.learners_by_step(session, owner, [other]),
            "finished": counts.count_finished(session, owner, row),
            "versions": [counts.count_by_version(session, owner, each) for each in (row, other)],
            "done": {name: done[step] for name, step in steps.items() if step in done},
            "done there": {
                name: done_there[step] for name, step in steps.items() if step in done_there
            },
            "one": counts.count_done(session, owner, row, [steps["one"]]),
            "foreign": [
                counts.count_all(session, "org_other", [row]),
                counts.count_active(session, "org_other", [row]),
                counts.learners_by_step(session, "org_other", [row]),
                counts.count_by_version(session, "org_other", row),
                counts.count_done(session, "org_other", row, list(steps.values())),
            ],
        }


def test_what_was_counted_beforehand_is_what_a_count_finds_until_it_is_counted_again(
    database, crowd
):
    owner, row, other = crowd
    counted_now = read(database, *crowd)
    assert counted_now["all"] == {row: (10, 2), other: (1, 0)}
    assert counted_now["all of one"] == {other: (1, 0)}
    assert counted_now["active"] == {row: 7, other: 1}
    assert counted_now["active of one"] == {other: 1}
    on_each = {"one": 2, "two": 2, "three": 2, "four": 2}
    assert counted_now["standing"] == {row: on_each, other: {"dos": 1}}
    assert counted_now["standing of one"] == {other: {"dos": 1}}
    assert counted_now["versions"] == [{1: 10}, {1: 1}]
    assert counted_now["done"] == {"one": 8, "two": 6, "three": 4, "four": 2}
    assert counted_now["done there"] == {"uno": 1}
    assert counted_now["foreign"] == [{}] * 5

    assert count_learners(database, many=10)  # not more than ten: nothing is kept
    with database.transaction() as session:
        assert session.query(WalkthroughLearners).count() == 0
    assert count_learners(database, many=9)
    assert read(database, *crowd) == counted_now

    assert count_learners(database, many=0)  # the other one, too
    assert read(database, *crowd) == counted_now
    with database.begin() as connection:  # what is live is not read
        connection.execute(text("DELETE FROM walkthrough_progress WHERE completed_steps <> '[]'"))
    assert read(database, *crowd) == counted_now
    assert not count_learners(database, many=0, max_age_ms=60_000)  # young enough
    assert read(database, *crowd) == counted_now
    assert count_learners(database, many=9)  # few again: they are counted as they are
    assert read(database, *crowd)["all"] == {row: (2, 0)}

    assert count_learners(database, many=0)
    with database.transaction() as session:
        session.execute(text("UPDATE walkthrough_learners SET active = 0"))
        assert learner_counts.count_active(session, owner, [row]) == {}


def test_one_process_counts_at_a_time_and_nobody_waits_for_it(database, crowd):
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('handrail learner counts', 0))"
    with database.begin() as connection:
        connection.execute(text(lock))
        assert not count_learners(database, many=0)
    assert count_learners(database, many=0)


def test_who_was_shown_a_step_within_seven_days_is_active_and_numbers_grow_old(
    database, crowd, monkeypatch
):
    now = [2_000_000_000_000]
    monkeypatch.setattr(counting, "now_ms", lambda: now[0])
    week = SERVER_DAYS * 86_400_000
    assert SERVER_DAYS == 7
    with database.begin() as connection:
        query = (
            "UPDATE walkthrough_progress p SET active_at = :time WHERE mcp_server_user_id = :who"
        )
        who = connection.execute(text("SELECT id FROM mcp_server_user ORDER BY email")).scalars()
        connection.execute(text("UPDATE walkthrough_progress SET active_at = 0"))
        for time, each in zip((now[0] - week, now[0] - week + 1, now[0]), who, strict=False):
            connection.execute(text(query), {"time": time, "who": each})
    assert count_learners(database, many=9)
    with database.transaction() as session:
        assert session.scalars(text("SELECT active FROM server_learners")).all() == [2]
    for later, is_counted in ((999, False), (1000, True), (500, True), (499, True)):
        now[0] = 2_000_000_000_000 + later
        assert count_learners(database, many=9, max_age_ms=1000) == is_counted, later
