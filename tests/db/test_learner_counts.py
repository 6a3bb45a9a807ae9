"""Learners of large walkthroughs are counted beforehand, and the numbers are those of a count."""

import pytest
from sqlalchemy import text

from tests.builders import content, learner, new_course
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import WalkthroughLearners, WalkthroughStep
from walkthroughs.publishing import learner_counts
from walkthroughs.publishing.count_learners import count_learners


@pytest.fixture
def crowd(database):
    """Eight learners of four steps: two on each, and two who have finished; one is not active."""
    with database.transaction() as session:
        first, row = new_course(session, content("one", "two", "three", "four"))
        owner = first.organization_id
        callers = [first] + [
            Caller(owner, first.server_id, learner(session, owner, f"l{n}@x.example").id)
            for n in range(9)
        ]
    cache = ContentCache()
    for number, caller in enumerate(callers):
        view = progress.select(database, cache, caller, row, resume=True)
        for _ in range(number // 2):
            view = progress.advance(database, cache, caller, view.step.id)
    with database.begin() as connection:
        connection.execute(
            text("UPDATE walkthrough_progress SET active_at = 0 WHERE mcp_server_user_id = :who"),
            {"who": first.learner_id},
        )
    return owner, row


def read(database, owner, row):
    with database.transaction() as session:
        steps = {s.external_id: s.id for s in session.query(WalkthroughStep)}
        done = learner_counts.count_done(session, owner, row, list(steps.values()))
        return {
            "all": learner_counts.count_all(session, owner, [row, "wt_none"]),
            "active": learner_counts.count_active(session, owner, [row]),
            "standing": learner_counts.learners_by_step(session, owner, [row]),
            "finished": learner_counts.count_finished(session, owner, row),
            "versions": learner_counts.count_by_version(session, owner, row),
            "done": {name: done.get(step) for name, step in steps.items()},
            "one": learner_counts.count_done(session, owner, row, [steps["one"]]),
            "other": learner_counts.learners_by_step(session, "org_other", [row]),
        }


def test_what_was_counted_beforehand_is_what_a_count_finds_until_it_is_counted_again(
    database, crowd
):
    owner, row = crowd
    counted_now = read(database, owner, row)
    assert counted_now["all"] == {row: (10, 2)}
    assert counted_now["active"] == {row: 7}
    assert counted_now["standing"] == {row: {"one": 2, "two": 2, "three": 2, "four": 2}}
    assert counted_now["versions"] == {1: 10}
    assert counted_now["done"] == {"one": 8, "two": 6, "three": 4, "four": 2}
    assert counted_now["other"] == {}

    assert count_learners(database, many=10)  # not more than ten: nothing is kept
    with database.transaction() as session:
        assert session.query(WalkthroughLearners).count() == 0
    assert count_learners(database, many=9)
    assert read(database, owner, row) == counted_now

    with database.begin() as connection:  # what is live is not read
        connection.execute(text("DELETE FROM walkthrough_progress"))
    assert read(database, owner, row) == counted_now
    assert not count_learners(database, many=9, max_age_ms=60_000)  # young enough
    assert read(database, owner, row) == counted_now
    assert count_learners(database, many=9)  # few again: they are counted as they are
    assert read(database, owner, row)["all"] == {}


def test_one_process_counts_at_a_time_and_nobody_waits_for_it(database, crowd):
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('handrail learner counts', 0))"
    with database.begin() as connection:
        connection.execute(text(lock))
        assert not count_learners(database, many=0)
    assert count_learners(database, many=0)
