"""Each change of a learner's place leaves its event, in the same transaction; a look leaves none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import content
from tests.events import kinds, recorded
from tests.fast_steps import fast_step
from tests.learners import CACHE, Learner, lea
from walkthroughs.errors import StepNotFound, WalkthroughNotFound
from walkthroughs.learning import catalog, progress
from walkthroughs.learning.fast_path import ADVANCE

__all__ = ["lea"]
_UPDATES = """
    SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables
     WHERE relname = 'walkthrough_progress'
"""


def shown_ago(lea, seconds):
    with lea.database.begin() as connection:
        connection.execute(
            text("UPDATE walkthrough_progress SET active_at = active_at - :ms"),
            {"ms": seconds * 1000},
        )


def step_ms(lea):
    with lea.database.begin() as connection:
        return connection.execute(text("SELECT step_ms FROM walkthrough_progress")).scalar()


def test_a_walk_from_start_to_end_is_recorded_with_times_and_steps(lea):
    one = lea.select().step.id
    shown_ago(lea, 60)
    two = fast_step(lea.database, lea.caller, one).current_step_id
    three = lea.next(two).step.id
    assert fast_step(lea.database, lea.caller, three) is None
    lea.next(three)
    events = recorded(lea.database)
    with lea.database.begin() as connection:
        row = connection.execute(text("SELECT * FROM walkthrough_progress")).one()

    assert {(each.kind, each.step_id, each.next_step_id) for each in events} == {
        ("started", None, one),
        ("step", one, two),
        ("step", two, three),
        ("step", three, None),
        ("completed", None, None),
    }
    assert len(events) == 5
    (first,) = (each for each in events if each.step_id == one)
    assert 60_000 <= first.step_ms < 120_000
    assert {
        (
            each.organization_id, each.mcp_server_id, each.mcp_server_user_id,
            each.walkthrough_id, each.version, each.run_started_at,
        )
        for each in events
    } == {
        (
            lea.caller.organization_id, lea.caller.server_id, lea.caller.learner_id,
            lea.row, 1, row.started_at,
        )
    }  # fmt: skip


def test_the_fast_step_and_the_rules_record_the_same(lea):
    one = lea.select().step.id
    shown_ago(lea, 60)
    lea.next(one)
    lea.select(resume=False)
    shown_ago(lea, 60)
    fast_step(lea.database, lea.caller, one)
    by_rules, fast = (each for each in recorded(lea.database) if each.kind == "step")

    different = {"occurred_at", "run_started_at", "step_ms"}
    rows = [
        {name: value for name, value in each._mapping.items() if name not in different}
        for each in (by_rules, fast)
    ]
    assert rows[0] == rows[1]
    assert abs(fast.step_ms - by_rules.step_ms) < 30_000
    assert step_ms(lea) == fast.step_ms


@pytest.mark.parametrize("is_fast", [True, False])
def test_a_call_that_is_held_back_is_recorded_and_has_no_time(lea, is_fast):
    one = lea.select().step.id
    hurried = replace(lea.caller, pace_seconds=120)
    if is_fast:
        fast_step(lea.database, hurried, one)
    else:
        progress.advance(lea.database, CACHE, hurried, one)
    _, event = recorded(lea.database)

    assert (event.kind, event.step_id, event.next_step_id, event.step_ms) == (
        "hurried", one, None, None,
    )  # fmt: skip
    assert step_ms(lea) is None


@pytest.mark.parametrize("is_fast", [True, False])
def test_a_clock_that_was_set_back_makes_no_negative_time(lea, is_fast):
    one = lea.select().step.id
    shown_ago(lea, -3600)
    if is_fast:
        fast_step(lea.database, lea.caller, one)
    else:
        lea.next(one)

    assert recorded(lea.database)[-1].step_ms == step_ms(lea) == 0


def test_what_opens_a_walkthrough_is_a_start_a_resumption_or_a_new_attempt(lea):
    lea.select()
    lea.select()
    lea.select(resume=False)  # nothing is completed: the same attempt goes on
    lea.next()
    lea.select(resume=False)
    progress.reset(lea.database, CACHE, lea.caller, lea.row)
    lea.select(resume=False)

    assert kinds(lea.database) == [
        "started", "resumed", "resumed", "step", "restarted", "reset", "started",
    ]  # fmt: skip


def test_an_attempt_is_completed_once_whatever_is_done_later(lea):
    step = lea.select().step
    while step:
        step = lea.next(step.id).step
    lea.edit(content("one", "two", "three", "four"))
    step = lea.select().step
    lea.next(step.id)
    lea.select(resume=False)

    assert kinds(lea.database).count("completed") == 1
    while step := lea.next().step:
        pass
    assert kinds(lea.database).count("completed") == 2
    assert kinds(lea.database).count("step") == 8


def test_a_start_says_where_the_learner_was_before(lea):
    other = lea.add_other()
    lea.select()
    Learner(lea.database, lea.caller, other).select()

    assert [(each.walkthrough_id, each.from_walkthrough_id) for each in recorded(lea.database)] == [
        (lea.row, None), (other, lea.row),
    ]  # fmt: skip


def test_a_look_and_a_refusal_write_nothing(lea):
    one = lea.select().step.id
    lea.next(one)

    def state():
        with lea.database.begin() as connection:
            query = text("SELECT xmin::text, ctid::text FROM walkthrough_progress")
            return connection.execute(query).all(), len(recorded(lea.database))

    before = state()
    lea.status()
    catalog.list_walkthroughs(lea.database, lea.caller)
    assert fast_step(lea.database, lea.caller, one) is None
    with pytest.raises(StepNotFound):
        lea.next("ws_nowhere")
    with pytest.raises(WalkthroughNotFound):
        Learner(lea.database, lea.caller, "wt_nowhere").select()
    assert state() == before

    lea.next(one)  # repeated: nothing moves
    assert kinds(lea.database) == ["started", "step"]


def test_a_reset_of_what_was_not_started_is_none(lea):
    progress.reset(lea.database, CACHE, lea.caller, lea.row)

    assert kinds(lea.database) == []


def test_a_change_that_fails_has_no_event(lea):
    one = lea.select().step.id
    with lea.database.begin() as connection:
        connection.execute(
            text("ALTER TABLE tool_events_incoming ADD CONSTRAINT none CHECK (kind <> 'step')")
        )
    try:
        for call in (lambda: fast_step(lea.database, lea.caller, one), lambda: lea.next(one)):
            with pytest.raises(Exception, match="violates check"):
                call()
    finally:
        with lea.database.begin() as connection:
            connection.execute(text("ALTER TABLE tool_events_incoming DROP CONSTRAINT none"))

    assert (lea.done(), kinds(lea.database)) == ([], ["started"])


def test_each_step_updates_its_row_in_place(lea):
    lea.edit(content(*(f"s{number}" for number in range(12))))
    step = lea.select().step.id
    with lea.database.engine.begin() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(_UPDATES)
        before = cursor.fetchone()
        for number in range(10):
            values = (
                lea.caller.organization_id, lea.caller.learner_id, lea.caller.server_id, step,
                10**13 + number, 0, None, None,
            )  # fmt: skip
            cursor.execute(ADVANCE.unprepared, {f"p{n}": v for n, v in enumerate(values, 1)})
            step = cursor.fetchone()[3]
        cursor.execute(_UPDATES)
        updates, in_place = (
            now - then for now, then in zip(cursor.fetchone(), before, strict=True)
        )

    assert (updates, in_place) == (10, 10)
