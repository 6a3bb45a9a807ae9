"""Two learners become one: all that was theirs goes on, also what happens at that moment."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from tests.builders import DASHBOARD, content, learner, organization, sign_in
from tests.learners import CACHE, Learner, lea
from tests.turns import take_turns
from walkthroughs.crypto import hash_token
from walkthroughs.database.unavailable import unavailable_errors
from walkthroughs.errors import HandrailError, NotFound, NothingStarted
from walkthroughs.identity import grants, learner_sessions
from walkthroughs.identity.erasing import erase
from walkthroughs.identity.learner_rows import tables_of_learners
from walkthroughs.identity.links import create_link
from walkthroughs.identity.merging import merge_learners
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.models import (
    McpServer,
    McpServerUser,
    OAuthCode,
    OAuthGrant,
    WalkthroughProgress,
)
from walkthroughs.publishing import writer

__all__ = ["lea"]
LEA, MAX = "lea@x.example", "max@x.example"


@pytest.fixture
def max_(lea):
    """Another learner of the same server."""
    with lea.database.transaction() as session:
        who = learner(session, lea.caller.organization_id, MAX)
    caller = Caller(lea.caller.organization_id, lea.caller.server_id, who.id)
    return Learner(lea.database, caller, lea.row)


def walk(who, steps):
    view = who.select()
    for _ in range(steps):
        view = who.next(view.step.id)
    return view


def merge(lea, gone=MAX, kept=LEA, organization_id=None):
    """Merge as the command does."""

    def once():
        with unavailable_errors(), lea.database.transaction() as session:
            return merge_learners(
                session, organization_id or lea.caller.organization_id, gone, kept
            )

    return lea.database.attempt(once, repeatable=False)


def rows(lea):
    with lea.database.transaction() as session:
        found = session.scalars(select(WalkthroughProgress)).all()
        session.expunge_all()
    return found


def test_the_further_place_and_the_completions_of_both_are_the_learners_who_stays(lea, max_):
    with lea.database.transaction() as session:
        who = learner(session, lea.caller.organization_id, "ben@x.example").id
    ben = Caller(lea.caller.organization_id, lea.caller.server_id, who)
    walk(Learner(lea.database, ben, lea.row), 0)
    walk(Learner(lea.database, ben, lea.add_other()), 1)
    walk(lea, 1)
    walk(max_, 2)
    theirs = {row.id for row in rows(lea) if row.mcp_server_user_id == who}
    assert merge(lea).in_both == 1

    view = lea.select()
    assert (view.step.title, view.progress.completed_steps) == ("Three", 2)
    assert lea.next(view.step.id).progress.status == "completed"
    assert {row.id for row in rows(lea) if row.mcp_server_user_id == who} == theirs
    (row,) = (row for row in rows(lea) if row.mcp_server_user_id != who)
    assert len(row.completed_steps) == len(set(row.completed_steps)) == 3


def test_a_place_that_only_one_of_them_has_moves_as_it_is(lea, max_):
    walk(max_, 1)
    assert merge(lea).in_both == 0

    assert lea.select().step.title == "Two"
    assert lea.done() == ["One"]


def test_the_place_is_found_by_the_version_that_each_of_them_last_saw(lea, max_):
    walk(max_, 1)
    lea.edit(content("one", "three", "two"))
    walk(lea, 2)
    assert lea.select().step.title == "Two"
    merge(lea)
    view = lea.select()

    assert (view.step.title, view.notice) == ("Two", None)
    assert lea.done() == ["One", "Three"]


def test_who_saw_an_older_version_is_told_what_has_changed(lea, max_):
    walk(lea, 1)
    walk(max_, 2)
    lea.edit(content("one", "two", "three", "four"))
    merge(lea)
    view = lea.select()

    assert (view.step.title, view.notice) == (
        "Three",
        "Changed since you were here: 1 step added after this one.",
    )


def test_a_step_that_one_did_before_it_moved_counts_where_the_other_is_now(lea, max_):
    other = lea.add_other()
    walk(max_, 1)
    with lea.database.transaction() as session:
        step = session.scalar(text("SELECT id FROM walkthrough_steps WHERE title = 'One'"))
        writer.publish(
            session, lea.caller.organization_id, lea.row, content("two", "three"), DASHBOARD
        )
        session.execute(
            text(
                "UPDATE walkthrough_steps SET predecessor_ids = jsonb_build_array(CAST(:step AS text))"
                " WHERE title = 'Uno'"
            ),
            {"step": step},
        )  # fmt: skip
    assert progress.select(lea.database, CACHE, lea.caller, other, resume=True).step.title == "Uno"
    merge(lea)
    with lea.database.transaction() as session:
        row = session.scalars(select(WalkthroughProgress).filter_by(walkthrough_id=other)).one()
        uno = session.scalar(text("SELECT id FROM walkthrough_steps WHERE title = 'Uno'"))
        facts = row.completed_steps, row.current_step_id != uno

    assert facts == ([uno], True)
    assert progress.select(lea.database, CACHE, lea.caller, other, resume=True).step.title == "Dos"


def test_earlier_attempts_and_a_new_beginning_of_either_stay(lea, max_):
    walk(max_, 2)
    max_.select(resume=False)
    walk(lea, 1)
    merge(lea)

    assert lea.status().earlier_attempts == 1
    assert (lea.select().step.title, lea.done()) == ("Two", ["One"])


def test_a_walkthrough_that_one_of_them_reset_has_the_place_of_the_other(lea, max_):
    walk(max_, 2)
    progress.reset(max_.database, CACHE, max_.caller, max_.row)
    walk(lea, 1)
    merge(lea)

    assert (lea.select().step.title, lea.done()) == ("Two", ["One"])


def test_links_sign_ins_codes_and_sessions_are_the_other_learners_now(lea, max_):
    org, srv = lea.caller.organization_id, lea.caller.server_id
    with lea.database.transaction() as session:
        create_link(session, "acme", MAX)
        who = session.get_one(McpServerUser, max_.caller.learner_id)
        sign_in(session, session.get_one(McpServer, srv), who)
        secret = learner_sessions.begin(session, org, max_.caller.learner_id)
    moved = merge(lea).moved
    with lea.database.transaction() as session:
        signed_in = learner_sessions.signed_in(session, org, secret)
        left = {
            table.name: session.scalar(
                select(func.count()).where(table.c.mcp_server_user_id == max_.caller.learner_id)
            )
            for table in tables_of_learners()
        }

    assert (moved["personal_links"], moved["oauth_grants"], moved["learner_sessions"]) == (1, 1, 1)
    assert signed_in.name == LEA
    assert set(left.values()) == {0}
    assert left.keys() >= {"personal_links", "oauth_grants", "oauth_codes", "learner_sessions"}


def test_nobody_is_merged_with_who_is_not_there_or_is_another_organizations(lea, max_):
    with lea.database.transaction() as session:
        other = organization(session, "other").id
        learner(session, other, "olga@x.example")
    for gone, kept, org in (
        (MAX, "olga@x.example", None), ("olga@x.example", LEA, None), (MAX, LEA, other),
        (max_.caller.learner_id, "olga@x.example", other), ("", LEA, None),
    ):  # fmt: skip
        with pytest.raises(NotFound, match="has no learner"):
            merge(lea, gone, kept, org)
    with pytest.raises(HandrailError, match="are one learner already"):
        merge(lea, MAX.upper(), max_.caller.learner_id)


def test_a_step_that_is_on_the_way_is_waited_for_and_counts(lea, max_):
    first = max_.select().step.id
    lea.select()
    turns = take_turns(lea.database, lambda: max_.next(first), lambda: merge(lea))

    assert turns.waited
    assert turns.second.result().in_both == 1
    assert (lea.select().step.title, lea.done()) == ("Two", ["One"])


def test_a_step_of_who_stays_that_waits_for_a_merge_counts_once(lea, max_):
    first = lea.select().step.id
    max_.select()
    turns = take_turns(lea.database, lambda: merge(lea), lambda: lea.next(first))

    assert turns.waited
    assert turns.second.result().step.title == "Two"
    assert [row.completed_steps for row in rows(lea)] == [[first]]


def test_a_walkthrough_that_is_started_beside_a_merge_is_started_once(lea, max_):
    max_.select()
    turns = take_turns(lea.database, lambda: merge(lea), lea.select)

    assert turns.waited
    assert turns.second.result().step.title == "One"
    assert len(rows(lea)) == 1


def test_who_is_gone_starts_nothing_any_more(lea, max_):
    turns = take_turns(lea.database, lambda: merge(lea), max_.select)
    assert turns.waited
    assert isinstance(turns.second.exception(), NothingStarted)
    with pytest.raises(NothingStarted):
        max_.select(resume=False)

    assert rows(lea) == []


def test_an_app_that_exchanges_its_code_beside_a_merge_is_signed_in_as_who_stays(lea, max_):
    org, srv = lea.caller.organization_id, lea.caller.server_id
    with lea.database.transaction() as session:
        code = OAuthCode(
            organization_id=org, mcp_server_id=srv, mcp_server_user_id=max_.caller.learner_id,
            code_hash=hash_token("code"), client_id="app", client_name="App",
            redirect_uri="http://localhost/", redirect_host="localhost", challenge="c",
            resource="r", expires_at=10**15,
        )  # fmt: skip
        session.add(code)

    def exchange():
        with lea.database.transaction() as session:
            return grants.redeem(session, grants.find_code(session, srv, "app", "code"))

    turns = take_turns(lea.database, exchange, lambda: merge(lea))
    with lea.database.transaction() as session:
        owners = session.scalars(select(OAuthGrant.mcp_server_user_id)).all()

    assert turns.waited
    assert turns.second.result().moved["oauth_grants"] == 1
    assert owners == [lea.caller.learner_id]


def test_two_who_are_merged_into_each_other_at_once_are_one_of_the_two(lea, max_):
    walk(max_, 2)
    turns = take_turns(lea.database, lambda: merge(lea), lambda: merge(lea, LEA, MAX))

    assert turns.waited
    assert isinstance(turns.second.exception(), NotFound)
    assert lea.select().step.title == "Three"


def test_who_is_erased_meanwhile_is_not_merged(lea, max_):
    def erase_max():
        with lea.database.transaction() as session:
            return erase(session, lea.caller.organization_id, MAX)

    turns = take_turns(lea.database, erase_max, lambda: merge(lea))

    assert turns.waited
    assert isinstance(turns.second.exception(), NotFound)
