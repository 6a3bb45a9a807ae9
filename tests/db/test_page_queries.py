"""Pages read what is of one organization, one server and one learner, by the statement alone.

The session here is not limited to one organization, as that of a page is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from admin.pages.audit.filter import AuditFilter, read_events
from admin.pages.git.rows import read_problems, read_runs, read_sources
from admin.pages.learners.filter import WantedLearners
from admin.pages.learners.places import read_places
from admin.pages.learners.rows import (
    read_attempts,
    read_choices,
    read_learners,
    read_open_links,
)
from admin.pages.servers.assignments import (
    order_mark,
    read_addable,
    read_assignments,
    read_order_mark,
)
from admin.pages.servers.rows import read_servers
from admin.pages.walkthroughs.cards import read_cards
from admin.pages.walkthroughs.filter import Wanted
from app import create_app
from tests.builders import content, show, step, walkthrough
from tests.learners import Learner
from tests.page_room import Room
from walkthroughs.audit.record import Event, record
from walkthroughs.content.problems import Problem
from walkthroughs.enums import RunOutcome
from walkthroughs.models import (
    ContentSource,
    ServerCall,
    ServerLearners,
    SyncRun,
    Walkthrough,
    WalkthroughDraft,
)
from walkthroughs.publishing import assignments, text_index, writer
from walkthroughs.publishing.create import create_unwritten
from walkthroughs.publishing.origin import Origin


@pytest.fixture
def room(database):
    return Room(database)


def test_a_server_serves_what_is_on_published_not_archived_and_has_steps(room, settings):
    rows = {name: room.add(name, server_id=room.acme) for name in ("off", "hidden", "gone", "bare")}
    drafted = room.add("drafted")
    gone = room.add("long-gone")
    with room.database.transaction() as session:
        assignments.switch(session, room.org, room.acme, rows["off"], is_enabled=False)
        show(session, room.org, rows["hidden"], False)
        for each in (rows["gone"], gone):
            writer.archive(session, room.org, each, Origin())
        bare = replace(content(id="bare", title="Bare"), steps=())
        writer.publish(session, room.org, rows["bare"], bare, Origin())
        for owner, each in ((room.org, room.acme), (room.foreign, room.foreign_server)):
            session.add(ServerCall(organization_id=owner, mcp_server_id=each, called_at=1))
        session.add(
            ServerLearners(organization_id=room.foreign, mcp_server_id=room.foreign_server,
                           active=9, counted_at=1)
        )  # fmt: skip
    app = create_app(settings)

    def servers():
        with app.app_context():
            found = room.read(read_servers, room.org)
        return [(x.slug, x.state, x.learners, x.last_call is not None) for x in found]

    acme, beside = ("acme", "Serving 1 of 5"), ("beside", "Serving 1 of 1")
    assert servers() == [(*acme, 2, True), (*beside, 0, False)]
    room.change("walkthrough_progress SET active_at = active_at - 8 * 86400000 WHERE "
                "mcp_server_user_id = :who", who=room.max.caller.learner_id)  # fmt: skip
    assert servers() == [(*acme, 1, True), (*beside, 0, False)]
    with room.database.transaction() as session:
        session.add(ServerLearners(organization_id=room.org, mcp_server_id=room.beside,
                                   active=7, counted_at=1))  # fmt: skip
    assert servers() == [(*acme, 0, True), (*beside, 7, False)]
    app.extensions["handrail"].database.close()

    order = [room.row, *rows.values()]
    assert room.read(read_order_mark, room.org, room.acme) == order_mark(order)
    assert [each.id for each in room.read(read_assignments, room.org, room.acme)] == order
    addable = [id for id, _ in room.read(read_addable, room.org, room.beside)]
    assert set(addable) == {rows["bare"], rows["hidden"], rows["off"], drafted}
    assert room.read(read_addable, room.org, room.acme) == [(drafted, "Drafted")]


def test_a_learners_places_are_their_own_with_what_they_did_and_saw(room):
    other = room.add("tea", "uno", "dos", server_id=room.acme)
    never = room.add("never", server_id=room.acme)
    for row in (never, other):
        Learner(room.database, room.lea.caller, row).select()
    room.change("walkthrough_steps SET predecessor_ids = (SELECT jsonb_agg(id) FROM "
                "walkthrough_steps WHERE external_id = 'one') WHERE external_id = 'uno'")  # fmt: skip
    room.change("walkthrough_progress SET completed_steps = '[]', status = 'in_progress' WHERE "
                "mcp_server_user_id = :who", who=room.lea.caller.learner_id)  # fmt: skip
    room.change("walkthrough_progress SET status = 'not_started', active_at = active_at + 9 "
                "WHERE walkthrough_id = :row", row=never)  # fmt: skip
    Learner(room.database, room.max.caller, room.row).next(room.max.select().step.id)
    room.lea.edit(content("four", "three"))
    room.change("walkthrough_versions SET summary = summary WHERE number = 2")  # is read last

    places, total = room.read(read_places, room.named(room.lea), 1)
    assert total == 2
    shown = {each.walkthrough_id: each for each in places}
    assert [each.state for each in shown[other].steps] == ["here", "open"]
    # From the second step, which is gone, on to the third, as she knew them.
    assert [(each.title, each.state) for each in shown[room.row].steps] == [
        ("Four", "open"), ("Three", "here"),
    ]  # fmt: skip
    assert {each.earlier_attempts for each in places} == {0}
    assert [
        each.earlier_attempts for each in room.read(read_places, room.named(room.max), 1)[0]
    ] == [1]

    rows, _ = room.read(read_learners, room.org, WantedLearners(), only_whole=False)
    assert [(each.line.email, each.line.walkthroughs, each.title) for each in rows] == [
        ("lea@x.example", 2, "Tea"), ("max@x.example", 1, "Deploy"),
    ]  # fmt: skip
    with room.database.transaction() as session:
        create_unwritten(session, room.org, "Draft")
    choices = room.read(read_choices, room.org)
    assert choices["servers"] == [("acme", "Acme"), ("beside", "Beside")]
    assert [title for _, title in choices["walkthroughs"]] == ["Deploy", "Never", "Tea"]

    assert len(room.read(read_open_links, room.named(room.lea))) == 1
    room.change("personal_links SET revoked_at = 1 WHERE mcp_server_user_id = :who",
                who=room.lea.caller.learner_id)  # fmt: skip
    assert room.read(read_open_links, room.named(room.lea)) == []
    assert room.read(read_attempts, room.named(room.lea)) == []
    assert len(room.read(read_attempts, room.named(room.max))) == 1


def test_changes_runs_and_mistakes_are_of_the_organization_and_the_source(room):
    with room.database.transaction() as session:
        for owner in (room.org, room.foreign):
            record(session, Event(owner, "server.change", "srv_1", "Tea"))
        sources = []
        for owner, name in ((room.org, "a"), (room.org, "b"), (room.foreign, "c")):
            source = ContentSource(organization_id=owner, name=name, url="https://x.example/x")
            source.problems = [Problem("walkthroughs/guide/steps/a.md", 1, "x")]
            session.add(source)
            session.flush()
            session.add(SyncRun(organization_id=owner, source_id=source.id, trigger="worker",
                                finished_at=1, outcome=RunOutcome.FAILED, changes=[],
                                problem_count=0, message=name))  # fmt: skip
            row = walkthrough(session, owner, content(id=f"guide-{name}"))
            writer.adopt(session, owner, row, source.id)
            session.get_one(Walkthrough, row).folder = "guide"
            sources.append((source, row))
        gone = walkthrough(session, room.org, content(id="gone"))
        writer.adopt(session, room.org, gone, sources[0][0].id)
        writer.archive(session, room.org, gone, Origin(source_id=sources[0][0].id))
        session.flush()
        session.expunge_all()
    wanted = AuditFilter(kind="server")
    assert {e.organization_id for e in room.read(read_events, room.org, wanted, 99)} == {room.org}
    for nothing in (
        {"who": "nobody"}, {"since": date(2999, 1, 1)}, {"until": date(2020, 1, 1)}, {"before": (1, 1)},
    ):  # fmt: skip
        assert room.read(read_events, room.org, AuditFilter(**nothing), 99) == []
    assert [(s.name, n) for s, n in room.read(read_sources, room.org)] == [("a", 1), ("b", 1)]
    for source, row in sources:
        runs, is_more = room.read(read_runs, source, 1)
        assert ([run.message for run in runs], is_more) == ([source.name], False)
        assert [each.walkthrough_id for each in room.read(read_problems, source)] == [row]


def test_a_card_has_its_own_steps_servers_and_starts_and_is_found_by_its_own_words(room):
    tea = room.add("tea", "uno", server_id=room.acme)
    cup = content(id="cup", title="Cup", steps=(step("a", content="Quinces and pears."),))
    with room.database.transaction() as session:
        assignments.switch(session, room.org, room.acme, tea, is_enabled=False)
        walkthrough(session, room.org, cup, origin=Origin(author="cup@x.example"))
        for name in ("Empty", "Full"):
            row = create_unwritten(session, room.org, name)
            steps = {"Empty": [], "Full": [{}, {}]}[name]
            session.add(
                WalkthroughDraft(organization_id=room.org, walkthrough_id=row, base_version=0,
                                 content={"steps": steps}, revision=1, updated_by="x")
            )  # fmt: skip
    room.lea.edit(content("one", "two", "three", "four"))

    def cards(**wanted):
        found = room.read(read_cards, room.org, Wanted(**wanted)).cards
        assert len(found) == len({card.id for card in found})
        return {card.title: card for card in found}

    shown = cards()
    assert {name: (card.steps, card.servers, card.changed_by) for name, card in shown.items()} == {
        "Deploy": (4, 2, "ana@acme.example"), "Tea": (1, 0, "ana@acme.example"),
        "Cup": (1, 0, "cup@x.example"), "Empty": (0, 0, None), "Full": (2, 0, None),
    }  # fmt: skip
    assert next(iter(cards(sort="learners"))) == "Deploy"
    for _ in range(2):  # before words are noted, and afterwards
        assert cards(words="quinces").keys() == {"Cup"}
        assert cards(words="nothing") == {}
        text_index.note_words(room.database, 99)
    assert cards(words="uinces") == {}  # what is noted is found by the beginning of a word
    Learner(room.database, room.lea.caller, shown["Cup"].id).edit(
        replace(cup, steps=(step("b", content="Pears."),))
    )
    assert cards(words="quinces") == {}
