"""An answer is kept for all callers for whom it is the same, and for no others."""

import asyncio
import json
from dataclasses import replace
from itertools import count

import pytest
from anyio import CapacityLimiter
from sqlalchemy import text

from tests.builders import content, learner, new_course, step
from tests.pictures import stored_picture
from walkthroughs.database.prepared import Prepared
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.mcp_server import own_answers
from walkthroughs.mcp_server.call import SCOPE_KEY, Call
from walkthroughs.mcp_server.own_answers import OwnAnswers
from walkthroughs.mcp_server.places import Places
from walkthroughs.mcp_server.server import STATEMENTS
from walkthroughs.mcp_server.short_calls import answer_shortly
from walkthroughs.mcp_server.step_call import LIST_TOOL, STATUS_TOOL, STEP_TOOL, KnownCall
from walkthroughs.mcp_server.tenant import ServerAddress, Tenant
from walkthroughs.mcp_server.threads import Threads
from walkthroughs.metrics import Metrics

STEPS = content(
    steps=(step("one"), step("two"), step("three", content=f"![A fox](i/{stored_picture().name})"))
)
REWIND = text(
    "UPDATE walkthrough_progress SET current_step_id = :at, completed_steps = CAST(:done AS jsonb),"
    " active_at = 0, status = 'in_progress'"
)


class Room:
    """A learner in a walkthrough, whose calls are answered; what answers else counts."""

    def __init__(self, database):
        self.database, self.runner, self.numbers = database, asyncio.Runner(), count()
        with database.transaction() as session:
            self.caller, self.row = new_course(session, STEPS)
            self.other = learner(session, self.caller.organization_id, "max@x.example").id
        self.cache = ContentCache()
        for who in (self.caller, replace(self.caller, learner_id=self.other)):
            progress.select(database, self.cache, who, self.row, resume=True)
        self.steps = self.cache.latest(self.row).step_refs
        self.prepared = Prepared(database, STATEMENTS, 2)
        self.begin()

    def begin(self, cache=None, **more):
        """Begin with no answers in memory."""
        self.metrics = Metrics()
        threads = Threads(self.database, CapacityLimiter(2))
        self.places = Places(self.database, self.prepared, threads, cache or self.cache)
        self.answers = OwnAnswers(self.places, self.metrics, **more)

    def rewind(self, at=0, done=()):
        ids = [self.steps[at].id, json.dumps([getattr(each, "id", each) for each in done])]
        with self.database.begin() as connection:
            connection.execute(REWIND, {"at": ids[0], "done": ids[1]})

    def ask(self, tool=STEP_TOOL, at=0, *, caller=None, version="v", status=200, size=30,
            is_step_call=True, from_memory=True, body=None, **tenant):  # fmt: skip
        """Return the number of the answer, and what the call had come to before the SDK's turn."""
        self.tried = None
        known = {
            STEP_TOOL: {"current_step_id": self.steps[at].id}, LIST_TOOL: {},
            STATUS_TOOL: {"walkthrough_id": self.row},
        }  # fmt: skip
        id = str(next(self.numbers)).encode()
        facts = {"name": "Acme", "tools_enabled": True} | tenant
        of = Tenant("srv", "o", "acme", facts["name"], None, facts["tools_enabled"], 0,
                    "personal_link", "at_connect")  # fmt: skip
        call = Call(ServerAddress("acme"), of, caller or self.caller, is_step_call=is_step_call)
        scope, sent = {}, []

        async def send(message):
            sent.append(message.get("body"))

        async def go_on(send):
            if SCOPE_KEY in scope:
                self.tried = scope[SCOPE_KEY].attempt
                self.tried.is_from_memory = from_memory
            end = b',"result":' + id.rjust(size - 11) + b"}"
            whole = body or b'{"jsonrpc":"2.0","id":' + id + end
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": whole})

        wanted = KnownCall(id, tool, known[tool], version)
        self.runner.run(self.answers.answer(call, wanted, scope, send, go_on))
        if body is None:
            assert sent[1].startswith(b'{"jsonrpc":"2.0","id":' + id + b',"result":')
            return int(sent[1].rpartition(b":")[2].strip(b"}"))
        return sent[1]

    def is_kept(self, then=None, **asked):
        """Return whether the answer to a call is that of the one before."""
        self.rewind()
        first = self.ask(**asked)
        self.rewind()
        return self.ask(**asked | (then or {})) == first


@pytest.fixture
def room(database):
    made = Room(database)
    yield made
    made.prepared.close()
    made.runner.close()


def test_a_good_answer_to_the_same_call_is_kept_and_no_other(room, monkeypatch):
    assert room.is_kept()
    assert 'outcome="ok",tool="next_walkthrough_step"} 1' in room.metrics.text().decode()
    other = replace(room.caller, learner_id=room.other)
    for tool in (STEP_TOOL, STATUS_TOOL):
        room.begin()
        assert room.is_kept({"caller": other}, tool=tool, is_step_call=False)
        for then in ({"version": "w"}, {"name": "Other"}):
            assert not room.is_kept(then, tool=tool, is_step_call=False), then
    assert not room.is_kept(tool=LIST_TOOL, is_step_call=False)
    for asked in (
        {"status": 202}, {"from_memory": False}, {"body": b'{"jsonrpc":"2.0","id":9,"result":1}'},
        {"body": b'{"error":1}'},
    ):  # fmt: skip
        room.begin()
        assert not room.is_kept({"body": None, "status": 200, "from_memory": True}, **asked), asked

    # What is not tried is not kept, and moves nobody.
    room.begin()
    nobody = replace(room.caller, learner_id=None)
    for asked in ({"tools_enabled": False}, {"caller": nobody}, {"tool": STATUS_TOOL}):
        assert not room.is_kept(**asked), asked
        assert room.tried is None
    assert not room.is_kept({"tools_enabled": False})

    # A version that is not in memory, and a call that came too soon, are the SDK's.
    room.begin(ContentCache())
    assert not room.is_kept()
    assert room.tried.moved is not None
    room.begin()
    hurried = replace(room.caller, pace_seconds=9)
    numbers = []
    for _ in range(2):
        room.rewind()
        with room.database.begin() as connection:
            now = "active_at = 1000 * extract(epoch FROM now())"
            connection.execute(text(f"UPDATE walkthrough_progress SET {now}"))
        numbers.append(room.ask(caller=hurried))
        assert room.tried.moved.shown_at is not None
    assert len(set(numbers)) == 2


def test_an_answer_depends_on_how_much_is_done_and_on_the_address_of_pictures(room):
    one, two, three = room.steps

    def answered(at, *done, base=""):
        room.rewind(at, done)
        return room.ask(at=at, caller=replace(room.caller, base_address=base))

    first = answered(0)
    assert answered(0, "ws_elsewhere") == first
    assert answered(0, base="https://a.example") == first
    assert answered(0, three) != first
    assert answered(0, two, three) not in {first, answered(0, three)}
    third = answered(1, one)
    assert third != first
    assert answered(1, one) == third
    assert answered(1, one, base="https://a.example") != third
    assert answered(1, one, base="https://a.example") == answered(1, one, base="https://a.example")


def test_other_common_calls_are_kept_by_all_that_they_show(room):
    one, two, three = room.steps

    def answered(tool, at, *done, base="", asks=0):
        room.rewind(at, done)
        caller = replace(room.caller, base_address=base)
        return room.ask(tool, asks, caller=caller, is_step_call=tool == STEP_TOOL)

    # The step is done already: the call moves nobody, and shows the next one.
    again = answered(STEP_TOOL, 1, one)
    assert room.tried.moved is None
    assert room.tried.answer is not None
    assert answered(STEP_TOOL, 1, one, base="https://a.example") == again
    assert answered(STEP_TOOL, 1, one, three) != again
    pictured = [answered(STEP_TOOL, 2, one, two, base=base) for base in ("", "https://a.example")]
    assert len({again, *pictured}) == 3
    assert answered(STEP_TOOL, 2, one, two) == pictured[0]
    answered(STEP_TOOL, 0)
    assert (room.tried.moved is None, room.tried.answer) == (False, None)

    shown = [answered(STATUS_TOOL, *where) for where in ((0,), (1, one), (1, one, three))]
    assert len({*shown}) == 3
    assert answered(STATUS_TOOL, 0) == shown[0]


def test_the_list_is_answered_to_everybody_and_a_place_to_the_learner_whose_it_is(room):
    nobody = replace(room.caller, learner_id=None)
    reader = replace(room.caller, base_address="https://a.example")

    def short(tool, caller=reader, **arguments):
        return room.runner.run(answer_shortly(room.places, caller, tool, arguments))

    assert short("unknown") is None
    assert short(STATUS_TOOL, nobody, walkthrough_id=room.row) is None
    for caller in (reader, nobody):
        assert "Deploy" in short(LIST_TOOL, caller).make().content[0].text
    room.rewind(2, room.steps[:2])
    assert short(STATUS_TOOL, walkthrough_id=room.row).make().structured_content["step"] is None
    found = short(STATUS_TOOL, walkthrough_id=room.row, position=3).make().structured_content
    assert found["step"]["title"] == "Three"
    assert "(https://a.example" in found["step"]["content"]


def test_answers_take_a_bounded_room(room, monkeypatch):
    assert own_answers.MAX_BYTES == 32 * 1024 * 1024
    room.begin(max_bytes=1200)
    assert not room.is_kept(size=201)
    assert room.is_kept(size=200)
    # A list that is too long to be kept is counted each time.
    monkeypatch.setattr(own_answers, "_MAX_COUNTED_BYTES", 1010)
    room.begin()
    assert room.is_kept()
