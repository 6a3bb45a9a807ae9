"""The short way of common calls answers what the rules answer, and reads no texts twice."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from threading import Barrier

import pytest
from anyio import CapacityLimiter
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from tests.builders import content, learner, new_course, step
from tests.learners import Learner, lea
from tests.waiting import PATIENCE
from tests.wire import sent_by
from walkthroughs.crypto import hash_token
from walkthroughs.database.prepared import Prepared
from walkthroughs.identity.links import create_link, revoke_links
from walkthroughs.learning.catalog import LIST_ALL, LIST_FOUND
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.shown_again import REPEAT, RESUME
from walkthroughs.learning.stored_place import READ_PLACE
from walkthroughs.mcp_server import tools
from walkthroughs.mcp_server.places import Places
from walkthroughs.mcp_server.short_calls import answer_repeated, answer_shortly
from walkthroughs.mcp_server.threads import Threads

__all__ = ["lea"]
LIST = "list_walkthroughs"
SELECT, STATUS, NEXT = "select_walkthrough", "get_walkthrough_status", "next_walkthrough_step"
CALLERS = 50
ROWS = text(
    "SELECT id, current_step_id, status, completed_steps, started_at, completed_at, version,"
    " hurried_calls, step_ms, mcp_server_id FROM walkthrough_progress ORDER BY id"
)
EVENTS = text(
    "SELECT kind, version, step_id, next_step_id, run_started_at, step_ms, from_walkthrough_id,"
    " walkthrough_id, mcp_server_id, mcp_server_user_id FROM tool_events_incoming"
)
STAND = "current_step_id = CAST(:gone AS text)"
MOVED_IN = text(
    "UPDATE walkthrough_steps SET predecessor_ids = '[\"ws_elsewhere\"]' WHERE walkthrough_id = :row"
)


class ShortWay:
    """Calls of learners by the short way, and the same by the rules."""

    def __init__(self, database):
        self.database = database
        self.runner = asyncio.Runner()
        self.prepared = Prepared(
            database, (RESUME, REPEAT, READ_PLACE, LIST_ALL, LIST_FOUND), connections=4
        )
        self.forget()

    def forget(self):
        """Begin with nothing in memory."""
        threads = Threads(self.database, CapacityLimiter(4))
        self.places = Places(self.database, self.prepared, threads, ContentCache())

    def call(self, who, name, **arguments):
        """Return what is answered shortly; none if the call is left to the rules."""
        return self.runner.run(self.answer(who, name, **arguments))

    async def answer(self, who, name, **arguments):
        if name == NEXT:
            step_id = arguments["current_step_id"]
            answer = await answer_repeated(self.places, who.caller, step_id)
        else:
            answer = await answer_shortly(self.places, who.caller, name, arguments)
        return answer.make() if answer else None

    def by_rules(self, who, name, **arguments):
        return tools.call(self.database, self.places.cache, who.caller, name, arguments)

    def rows(self, query=ROWS):
        with self.database.transaction() as session:
            return session.execute(query).all()

    def close(self):
        self.prepared.close()
        self.runner.close()


@pytest.fixture
def short(database):
    way = ShortWay(database)
    yield way
    way.close()


@contextmanager
def asked(short):
    """Yield all statements of a block, by the short way's connections and by the pool's."""
    statements = []

    def note(_connection, _cursor, sql, *_):
        statements.append(sql)

    event.listen(short.database.engine, "before_cursor_execute", note)
    try:
        with sent_by(short.prepared) as sent:
            yield statements
    finally:
        event.remove(short.database.engine, "before_cursor_execute", note)
    statements += sent


def test_with_the_version_in_memory_each_call_is_one_statement_and_reads_no_text(lea, short):
    first = lea.select().step.id
    lea.next(first)
    calls = [
        (STATUS, {"walkthrough_id": lea.row}),
        (SELECT, {"walkthrough_id": lea.row}),
        (NEXT, {"current_step_id": first}),
        (STATUS, {"walkthrough_id": lea.row, "step_id": first}),
        (LIST, {}),
        (LIST, {"page": 2}),
        (LIST, {"query": "deploying 100% of\0it & none"}),
    ]
    assert short.call(lea, STATUS, walkthrough_id=lea.row)  # reads the version

    with asked(short) as statements:
        answers = [short.call(lea, name, **arguments) for name, arguments in calls]

    assert statements[0::2] == [
        "handrail_read_place",
        "handrail_resume",
        "handrail_repeat",
        "handrail_read_place",
        *("handrail_list", "handrail_list", "handrail_list_found"),
    ]
    assert set(statements[1::2]) == {"Sync"}
    for answer, (name, arguments) in zip(answers, calls, strict=True):
        assert answer == short.by_rules(lea, name, **arguments), name
    assert "Do one." in answers[3].content[0].text


@pytest.mark.parametrize("name", [STATUS, "moved"])
def test_of_fifty_who_want_a_version_that_is_not_in_memory_one_reads_it(lea, short, name):
    lea.select()
    with lea.database.transaction() as session:
        live = session.execute(text("SELECT version, digest FROM walkthroughs")).one()

    async def one():
        if name == STATUS:
            return await short.answer(lea, name, walkthrough_id=lea.row)
        return await short.places.version(lea.caller.organization_id, lea.row, *live)

    async def crowd():
        leaving, *callers = [asyncio.create_task(one()) for _ in range(CALLERS)]
        if name != STATUS:
            await asyncio.sleep(0)  # the first one begins to read
            leaving.cancel()
        return await asyncio.gather(*callers)

    lent = []
    event.listen(lea.database.engine, "checkout", lambda *_: lent.append("a thread's connection"))
    with asked(short) as statements:
        found = short.runner.run(crowd())

    assert len([sql for sql in statements if "s.content" in sql]) == len(lent) == 1
    assert all(found)
    assert not short.places._reading
    assert len({str(each) for each in found}) == 1


def test_of_those_in_threads_who_want_one_version_one_reads_it_too(lea, short):
    lea.select()
    all_know = Barrier(4)

    def wait_for_all(_connection, _cursor, sql, *_):
        if sql.startswith("SELECT w.version"):
            all_know.wait(PATIENCE)

    event.listen(lea.database.engine, "after_cursor_execute", wait_for_all)
    with asked(short) as statements, ThreadPoolExecutor(all_know.parties) as pool:
        calls = [
            pool.submit(short.by_rules, lea, STATUS, walkthrough_id=lea.row)
            for _ in range(all_know.parties)
        ]
        found = [call.result() for call in calls]

    assert len([sql for sql in statements if "s.content" in sql]) == 1
    assert not any(each.is_error for each in found)


def test_a_link_that_has_ended_repeats_nothing(lea, short):
    first = lea.select().step.id
    lea.next(first)
    lea.status()
    assert short.call(lea, STATUS, walkthrough_id=lea.row)
    with lea.database.transaction() as session:
        token = create_link(session, "acme", "lea@x.example")
    by_link = Learner(lea.database, replace(lea.caller, link_hash=hash_token(token)), lea.row)
    by_token = Learner(lea.database, replace(lea.caller, bearer_hash="0"), lea.row)

    assert short.call(by_link, NEXT, current_step_id=first)
    assert short.call(by_token, NEXT, current_step_id=first) is None
    with lea.database.transaction() as session:
        revoke_links(session, "acme", "lea@x.example")
    assert short.call(by_link, NEXT, current_step_id=first) is None


def test_nobody_is_shown_the_place_of_another_or_what_is_not_offered(database, lea, short):
    first = lea.select().step.id
    lea.next(first)
    with database.transaction() as session:
        caller, theirs = new_course(session, content(id="theirs"), "other")
    stranger = Learner(database, caller, theirs)
    assert short.call(lea, STATUS, walkthrough_id=lea.row)

    def left_to_the_rules(who):
        calls = [(SELECT, {"walkthrough_id": lea.row}), (NEXT, {"current_step_id": first})]
        return [short.call(who, name, **arguments) for name, arguments in calls] == [None, None]

    before = short.rows()
    assert left_to_the_rules(stranger)
    assert short.call(stranger, STATUS, walkthrough_id=lea.row) is None
    assert left_to_the_rules(Learner(database, replace(lea.caller, learner_id=None), lea.row))
    with database.transaction() as session:
        session.execute(text("UPDATE mcp_server_walkthroughs SET is_enabled = false"))
    assert left_to_the_rules(lea)
    assert short.call(lea, STATUS, walkthrough_id=lea.row) is None
    assert short.rows() == before


def test_a_learner_is_shown_their_own_step_and_another_row_stays(lea, short):
    lea.next(lea.select().step.id)
    with lea.database.transaction() as session:
        who = learner(session, lea.caller.organization_id, "max@x.example").id
    other = Learner(lea.database, replace(lea.caller, learner_id=who), lea.row)
    other.select()
    third = other.status().steps[2].id
    assert short.call(lea, STATUS, walkthrough_id=lea.row)
    with lea.database.transaction() as session:
        session.execute(text("UPDATE walkthrough_progress SET active_at = 0"))

    for name, arguments in (
        (SELECT, {"walkthrough_id": lea.row}),
        (NEXT, {"current_step_id": third}),
    ):
        assert "Do one." in short.call(other, name, **arguments).content[0].text
    touched = text("SELECT mcp_server_user_id FROM walkthrough_progress WHERE active_at > 0")
    assert short.rows(touched) == [(who,)]


def test_what_may_have_been_done_elsewhere_is_left_to_the_rules(lea, short):
    first = lea.select().step.id
    lea.next(first)
    with lea.database.transaction() as session:
        session.execute(MOVED_IN, {"row": lea.row})
    assert short.call(lea, STATUS, walkthrough_id=lea.row)

    assert short.call(lea, SELECT, walkthrough_id=lea.row) is None
    assert short.call(lea, NEXT, current_step_id=first) is None


@pytest.mark.parametrize("state", ["completed_steps = jsonb_build_array(current_step_id)", STAND])
def test_a_place_that_is_done_or_not_live_any_more_is_left_to_the_rules(lea, short, state):
    gone = lea.select().step.id
    lea.edit(content("two", "three"))
    lea.select()
    assert short.call(lea, STATUS, walkthrough_id=lea.row)
    other = lea.status().steps[1].id
    assert short.call(lea, SELECT, walkthrough_id=lea.row)
    assert short.call(lea, NEXT, current_step_id=other)
    with lea.database.transaction() as session:
        session.execute(text(f"UPDATE walkthrough_progress SET {state}"), {"gone": gone})

    assert short.call(lea, SELECT, walkthrough_id=lea.row) is None
    assert short.call(lea, NEXT, current_step_id=other) is None


_NUMBERS = count()
_CONTENTS = (
    content("one", "two", "three"),
    content("one", "three"),
    content("zero", "one", "two", "three"),
    content("three", "two", "one"),
    content(steps=(step("one"), step("two", revision=2), step("three"))),
)
_MOVES = st.one_of(
    st.just("go on"),
    st.just("go on"),
    st.just("start over"),
    st.sampled_from(_CONTENTS),
)
#: What is asked at each place: every short call, in some order.
_ORDERS = st.permutations((SELECT, STATUS, NEXT))


@given(st.lists(st.tuples(_MOVES, _ORDERS), min_size=1, max_size=6))
@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_at_any_place_the_short_way_answers_and_leaves_what_the_rules_do(database, short, moves):
    with database.transaction() as session:
        caller, row = new_course(session, slug=f"acme-{next(_NUMBERS)}")
    who = Learner(database, caller, row)
    known = {who.select().step.id}
    for move, order in moves:
        if move == "go on":
            here = who.status().current_step_id
            known |= {here} if here else set()
            who.next(here) if here else None
        elif move == "start over":
            who.select(resume=False)
        else:
            who.edit(move)
        for name in order:
            calls = _steps(known, who) if name == NEXT else [{"walkthrough_id": row}]
            for arguments in calls:
                _compare(short, who, name, arguments)


def _steps(known, who):
    here = who.status().current_step_id  # naming this one would complete it
    return [{"current_step_id": each} for each in sorted(known) if each != here]


def _compare(short, who, name, arguments):
    """Make a call both ways, the short one first."""
    events = [Counter(short.rows(EVENTS))]
    answer = short.call(who, name, **arguments)
    rows = short.rows()
    events.append(Counter(short.rows(EVENTS)))
    ruled = short.by_rules(who, name, **arguments)
    events.append(Counter(short.rows(EVENTS)))
    if answer is None:
        assert name != STATUS
        return
    assert answer == ruled
    assert short.rows() == rows
    assert events[1] - events[0] == events[2] - events[1]
    assert (events[1] - events[0]).total() == (name == SELECT)
