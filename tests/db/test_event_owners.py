"""Events follow a learner who is erased or merged, also those that are on the way."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from tests.builders import learner, new_course
from tests.events import kinds, miscounted, move_all, recorded
from tests.fast_steps import fast_step
from tests.learners import CACHE, lea
from tests.turns import take_turns
from walkthroughs.events.mover import move
from walkthroughs.identity.erasing import erase
from walkthroughs.identity.learner_export import export
from walkthroughs.identity.merging import merge_learners
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.models import McpServerUser

__all__ = ["lea"]
LEA, MAX = "lea@x.example", "max@x.example"


@pytest.fixture
def max_(lea):
    """Another learner, who has started as well."""
    with lea.database.transaction() as session:
        row = learner(session, lea.caller.organization_id, MAX)
    caller = Caller(lea.caller.organization_id, lea.caller.server_id, row.id)
    progress.select(lea.database, CACHE, caller, lea.row, resume=True)
    return caller


def walk(lea):
    """Two events are moved, and two are still to be moved."""
    one = lea.select().step.id
    two = lea.next(one).step.id
    move_all(lea.database)
    lea.next(two)
    lea.select()
    return one


def erase_lea(lea):
    with lea.database.transaction() as session:
        erase(session, lea.caller.organization_id, LEA)


def merge_lea_into_max(lea):
    with lea.database.transaction() as session:
        merge_learners(session, lea.caller.organization_id, LEA, MAX)


def owners(lea):
    return [each.mcp_server_user_id for each in recorded(lea.database)]


def test_events_of_an_erased_learner_are_nobodys_and_stay_counted(lea, max_):
    with lea.database.begin() as connection:  # Max was active on another day
        ago = "UPDATE tool_events_incoming SET occurred_at = occurred_at - 2 * 86400000"
        connection.execute(text(ago))
    with lea.database.transaction() as session:
        stranger, theirs = new_course(session, slug="other")
    progress.select(lea.database, CACHE, stranger, theirs, resume=True)
    walk(lea)
    erase_lea(lea)
    move_all(lea.database)
    events = recorded(lea.database)

    assert [each.kind for each in events if each.mcp_server_user_id is None] == [
        "started", "step", "step", "resumed",
    ]  # fmt: skip
    assert stranger.learner_id in owners(lea)
    assert {each.run_started_at for each in events if each.mcp_server_user_id is None} == {None}
    assert [each.kind for each in events if each.mcp_server_user_id == max_.learner_id] == [
        "started"
    ]
    with lea.database.begin() as connection:
        assert miscounted(connection) == []


def test_events_of_a_merged_learner_are_those_of_the_one_who_stays(lea, max_):
    walk(lea)
    merge_lea_into_max(lea)
    move_all(lea.database)

    assert owners(lea) == [max_.learner_id] * 5
    with lea.database.begin() as connection:
        assert miscounted(connection) == []


def test_the_one_who_stays_was_active_when_either_was(lea, max_):
    with lea.database.transaction() as session:
        for row, day in zip(
            session.query(McpServerUser).order_by(McpServerUser.email),
            (date(2026, 11, 5), date(2026, 11, 3)),
            strict=True,
        ):
            row.active_on = day
    merge_lea_into_max(lea)

    with lea.database.transaction() as session:
        assert session.query(McpServerUser).one().active_on == date(2026, 11, 5)


@pytest.mark.parametrize("change", [erase_lea, merge_lea_into_max])
def test_a_step_that_is_on_the_way_leaves_no_event_of_who_is_gone(lea, max_, change):
    one = lea.select().step.id
    turns = take_turns(lea.database, lambda: lea.next(one), lambda: change(lea))

    assert turns.waited
    assert kinds(lea.database).count("step") == 1
    assert lea.caller.learner_id not in owners(lea)


@pytest.mark.parametrize("change", [erase_lea, merge_lea_into_max])
def test_a_step_that_comes_later_has_no_event(lea, max_, change):
    one = walk(lea)
    turns = take_turns(
        lea.database, lambda: change(lea), lambda: fast_step(lea.database, lea.caller, one)
    )

    assert turns.second.result() is None
    assert lea.caller.learner_id not in owners(lea)


@pytest.mark.parametrize("change", [erase_lea, merge_lea_into_max])
def test_events_that_are_moved_just_then_are_found(lea, max_, change):
    walk(lea)
    turns = take_turns(
        lea.database,
        lambda: move(lea.database),
        lambda: change(lea),
        pause_after="tool_events_incoming",
    )

    assert turns.waited
    assert turns.first.result() == 2
    assert lea.caller.learner_id not in owners(lea)


@pytest.mark.parametrize("change", [erase_lea, merge_lea_into_max])
def test_nothing_is_moved_meanwhile_and_nobody_waits_for_it(lea, max_, change):
    walk(lea)
    turns = take_turns(lea.database, lambda: change(lea), lambda: move(lea.database))

    assert (turns.waited, turns.second.result()) == (False, 0)
    move_all(lea.database)
    assert lea.caller.learner_id not in owners(lea)


def test_what_is_stored_about_a_learner_names_their_events(lea, max_):
    walk(lea)
    with lea.database.transaction() as session:
        told = "".join(export(session, lea.caller.organization_id, LEA))
    with lea.database.begin() as connection:
        day = connection.execute(text("SELECT max(active_on)::text FROM mcp_server_user")).scalar()

    assert told.count('"kind": "step"') == 2
    assert max_.learner_id not in told
    assert f'"active_on": "{day}"' in told
