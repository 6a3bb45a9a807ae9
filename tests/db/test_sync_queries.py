"""What a sync reads and writes is of one organization and one source, by the statement alone."""

from __future__ import annotations

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import NoResultFound

from sync import history, queue, sources
from sync.fence import take_fence
from sync.planning import current
from sync.planning.plan import Plan
from sync.runs import RunResult, SyncRequest
from tests.builders import content, new_course, organization, server, walkthrough
from tests.turns import take_turns
from walkthroughs.content.problems import Problem
from walkthroughs.content.values import Move
from walkthroughs.enums import ProposalState, RunOutcome, SyncTrigger
from walkthroughs.errors import HandrailError
from walkthroughs.models import ContentSource, McpServer, Proposal, SyncRun, Walkthrough
from walkthroughs.publishing import writer
from walkthroughs.publishing.origin import Origin
from walkthroughs.publishing.predecessors import predecessors


class Room:
    """Two sources of one organization and one of another, which have walkthroughs of one name."""

    def __init__(self, database, settings):
        self.database, self.settings = database, settings
        with database.transaction() as session:
            caller, _ = new_course(session, content(id="unowned"))
            self.org, self.acme = caller.organization_id, caller.server_id
            self.foreign = organization(session, "foreign").id
            self.beside = server(session, self.org, "beside").id
            self.far = server(session, self.foreign, "far").id
            made = [
                ContentSource(organization_id=owner, name=name, url="https://127.0.0.1/a.git",
                              synced_commit="c")
                for owner, name in ((self.org, "guides"), (self.org, "others"),
                                    (self.foreign, "guides"))
            ]  # fmt: skip
            session.add_all(made)
            session.flush()
            self.guides, self.others, self.theirs = (row.id for row in made)
        self.deploy = self.add(self.org, self.guides, "deploy", "one", "two", server_id=self.acme)
        self.gone = self.add(self.org, self.guides, "gone")
        self.same = self.add(self.org, self.others, "deploy", server_id=self.beside)
        self.add(self.org, self.others, "tea")
        self.add(self.org, self.others, "cake")
        self.add(self.foreign, self.theirs, "tea")
        self.add(self.foreign, self.theirs, "pie")
        with database.transaction() as session:
            origin = Origin(self.guides)
            writer.archive(session, self.org, self.gone, origin)
            writer.publish(session, self.org, self.deploy, content("two"), origin)

    def add(self, owner, source, name, *steps, **more):
        with self.database.transaction() as session:
            wanted = content(*steps or ("one",), id=name)
            row = walkthrough(session, owner, wanted, origin=Origin(source), **more)
            session.get_one(Walkthrough, row).folder = f"in-{name}"
            return row

    def read(self, work, *arguments, **named):
        with self.database.transaction() as session:
            return work(session, *arguments, **named)

    def source(self, id):
        return history.read(self.database, id)

    def set(self, what, **values):
        with self.database.transaction() as session:
            session.execute(what.values(**values))

    def entries(self):
        with self.database.transaction() as session:
            return session.query(SyncRun).count()


@pytest.fixture
def room(database, settings):
    return Room(database, settings)


def test_a_plan_is_made_of_what_the_source_has_in_its_organization(room):
    own, foreign = (room.org, room.guides), (room.foreign, room.guides)
    folders = room.read(current.read_folders, *own)
    assert folders == {"in-deploy": ("deploy", "", folders["in-deploy"].steps)}
    room.set(update(Walkthrough).where(Walkthrough.id == room.deploy), git_tree="t")
    assert room.read(current.read_folders, *own) == {
        "in-deploy": ("deploy", "t", folders["in-deploy"].steps)
    }
    assert room.read(current.read_folders, *foreign) == {}
    room.set(update(Walkthrough).where(Walkthrough.id == room.deploy), folder=None)
    assert room.read(current.read_folders, *own) == {}

    def live(*asked, **named):
        return {
            each.outline.id: (
                each.walkthrough_id, [s.id for s in each.outline.steps], each.version,
                each.is_archived, set(each.servers),
            )
            for each in room.read(current.read_live, *asked, **named)
        }  # fmt: skip

    deploy = (room.deploy, ["two"], 2, False, {"acme"})
    gone = (room.gone, ["one"], 1, True, set())
    assert live(*own) == {"deploy": deploy, "gone": gone}
    assert live(*own, recompute_digests=True) == {"deploy": deploy, "gone": gone}
    assert live(*own, ["gone", "tea"]) == {"deploy": deploy}
    assert live(*foreign) == {}

    moved = content("one", id="new", moved=(Move("one", "one", "deploy"),)).outline()
    found = room.read(predecessors, room.org, moved, Origin(room.guides))
    with room.database.transaction() as session:
        query = "SELECT id FROM walkthrough_steps WHERE walkthrough_id = :row AND title = 'One'"
        assert found == {"one": session.scalars(text(query), {"row": room.deploy}).all()}

    counted = [room.read(current.count_live, *asked) for asked in
               (own, foreign, (room.org, room.others))]  # fmt: skip
    assert counted == [1, 0, 3]
    asked = (*own, ["deploy", "tea", "gone", "pie"])
    owned = room.read(current.read_ids_of_other_sources, *asked)
    assert owned == {"deploy": "others", "tea": "others"}
    servers = room.read(current.read_servers, room.org, ["acme", "far", "none"])
    assert servers == {"acme": room.acme}


def test_a_run_is_asked_for_and_claimed_source_by_source(room):
    def requested():
        return {each for each in (room.guides, room.others, room.theirs)
                if queue.is_requested(room.source(each))}  # fmt: skip

    room.read(queue.request_sync, room.foreign, room.guides)
    assert requested() == set()
    room.read(queue.request_sync, room.org, room.guides)
    assert requested() == {room.guides}

    def claimed():
        with queue.claim(room.database, room.guides, wait=True) as row:
            return row.id, row.has_open_proposals

    def propose(source, row, state):
        with room.database.transaction() as session:
            session.add(
                Proposal(
                    organization_id=room.org, walkthrough_id=row, source_id=source, branch="b",
                    git_commit="c", base_commit="b", author="Ana", digest="d", state=state,
                )
            )  # fmt: skip

    propose(room.others, room.same, ProposalState.OPEN)
    propose(room.guides, room.deploy, ProposalState.MERGED)
    assert claimed() == (room.guides, False)
    propose(room.guides, room.deploy, ProposalState.OPEN)
    assert claimed() == (room.guides, True)

    # A server that was made since is news where there are problems.
    of_guides = update(ContentSource).where(ContentSource.id == room.guides)
    room.set(of_guides, checked_at=1_000, problems=[Problem("a", 1, "no such server")])
    room.set(update(McpServer), created_at=999)
    room.set(update(McpServer).where(McpServer.id == room.far), created_at=2_000)
    assert queue.has_nothing_new(room.database, room.source(room.guides), "c")
    room.set(update(McpServer).where(McpServer.id == room.beside), created_at=1_000)
    assert not queue.has_nothing_new(room.database, room.source(room.guides), "c")


def test_a_run_notes_the_folders_of_its_own_walkthroughs_and_writes_those_that_changed(room):
    source = room.source(room.guides)
    places = {"deploy": ("in-deploy", "t1"), "gone": ("moved", "t2"), "tea": ("x", "t3")}

    def apply():
        request, result = SyncRequest(), RunResult(Plan((), (), (), commit="c"), RunOutcome.APPLIED)
        history.record_applied(
            room.database, room.source(room.guides), take_fence(room.database, source), request,
            result, newest="c", author="Ana", started=1, places=places,
        )  # fmt: skip
        with room.database.transaction() as session:
            rows = session.execute(text("SELECT id, folder, git_tree, xmin FROM walkthroughs"))
            return {id: (folder, tree, xmin) for id, folder, tree, xmin in rows}

    first = apply()
    assert first[room.deploy][:2] == ("in-deploy", "t1")
    assert first[room.gone][:2] == ("moved", "t2")
    assert {tree for _, tree, _ in first.values()} == {"t1", "t2", None}
    assert first[room.same][:2] == ("in-deploy", None)
    places["gone"] = ("moved", "t4")
    second = apply()
    assert {row for row in first if first[row] != second[row]} == {room.gone}


def test_two_runs_at_once_note_one_failure_once_and_that_of_their_own_source(room):
    source = room.source(room.guides)

    def fail(each=source):
        history.record_failed(room.database, each, SyncTrigger.POLL, 1, "The host is away.")

    turns = take_turns(room.database, fail, fail)
    turns.first.result()
    turns.second.result()
    assert turns.waited
    assert room.entries() == 1
    assert [room.source(each).error for each in (room.guides, room.others, room.theirs)] == [
        "The host is away.", None, None,
    ]  # fmt: skip
    stranger = ContentSource(id=room.guides, organization_id=room.foreign)
    with pytest.raises(NoResultFound):
        fail(stranger)


def test_a_name_is_taken_in_its_organization_only_and_a_source_that_goes_leaves_what_it_owned(
    room,
):
    def add(organization, name):
        columns = {"name": name, "url": "https://127.0.0.1/b.git"}
        return sources.add_source(room.database, room.settings, organization, columns, {})

    def change(name):
        source = room.source(room.guides)
        sources.change_source(room.database, room.settings, source, {"name": name}, {})

    assert add("foreign", "others")
    for work in (lambda: add("acme", "others"), lambda: change("others")):
        with pytest.raises(HandrailError, match='A source "others" exists'):
            work()
    change("guides")
    change("new")
    assert room.source(room.guides).name == "new"

    assert sources.remove_source(room.database, room.settings, room.source(room.guides)) == 2
    with room.database.transaction() as session:
        owners = dict(session.query(Walkthrough.id, Walkthrough.source_id).all())
        assert owners[room.deploy] is owners[room.gone] is None
        assert owners[room.same] == room.others
        assert list(owners.values()).count(room.others) == 3
        assert list(owners.values()).count(room.theirs) == 2
