"""Whatever changes something leaves one row in the same transaction, and the row stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from tests.builders import (
    DASHBOARD,
    content,
    learner,
    new_course,
    organization,
    server,
    walkthrough,
)
from tests.kept_sources import synced
from walkthroughs.audit.changes import AUDITED, NOT_AUDITED
from walkthroughs.audit.record import MAX_LETTERS, Actor, Event, act_as, record, without_learners
from walkthroughs.enums import AuditPlace
from walkthroughs.identity import erasing, links
from walkthroughs.models import AuditEvent, Organization
from walkthroughs.models.base import Base, Scoped
from walkthroughs.publishing import assignments, writer

__all__ = ["synced"]


def events(database):
    """Return all rows, oldest first."""
    with database.transaction() as session:
        return session.query(AuditEvent).order_by(AuditEvent.id).all()


def verbs(database):
    return [each.verb for each in events(database)]


@pytest.fixture
def course(database):
    with database.transaction() as session:
        return new_course(session)


def test_each_table_of_an_organization_is_recorded_or_said_not_to_be():
    scoped = {each.class_ for each in Base.registry.mappers if issubclass(each.class_, Scoped)}

    assert AUDITED.keys() | NOT_AUDITED.keys() == scoped
    assert not AUDITED.keys() & NOT_AUDITED.keys()


def test_no_column_that_holds_a_secret_is_recorded_with_its_value():
    secrets = ("hash", "secret", "credential", "token")
    assert not [
        (audited.kind, name)
        for audited in AUDITED.values()
        for name in audited.columns
        if name.endswith(secrets)
    ]


def test_each_file_that_writes_such_a_table_by_a_statement_records_that_itself():
    names = "|".join(each.__name__ for each in AUDITED)
    statement = re.compile(rf"\b(?:update|delete|\w*insert)\((?:models\.)?(?:{names})\b")
    root = Path(__file__).parents[2]
    written = {
        path.relative_to(root).as_posix(): path.read_text()
        for room in ("admin", "sync", "walkthroughs")
        for path in (root / room).rglob("*.py")
    }
    silent = {
        name
        for name, code in written.items()
        if statement.search(code) and "import" in code and "audit.record" not in code
    }
    # When somebody was seen, the number of a run, and that one was asked for: no changes.
    assert silent == {"admin/access/memberships.py", "sync/fence.py", "sync/queue.py"}


def test_a_publication_is_recorded_with_what_changed(database, course):
    caller, row = course
    with database.transaction() as session:
        act_as(session, Actor("ana@acme.example", AuditPlace.DASHBOARD))
        wanted = content("one", "two", title="Deploy now")
        writer.publish(session, caller.organization_id, row, wanted, DASHBOARD)
    last = events(database)[-1]

    assert (last.actor, last.place) == ("ana@acme.example", "dashboard")
    assert (last.verb, last.kind, last.target_id, last.title) == (
        "walkthrough.publish", "walkthrough", row, "Deploy now",
    )  # fmt: skip
    assert last.before == {"title": "Deploy", "version": 1, "steps": 3}
    assert last.after["version"] == 2
    assert last.after["what"]


def test_each_act_of_the_writer_has_its_verb_and_what_changes_nothing_has_none(database, course):
    caller, row = course
    mine = (caller.organization_id, row)
    for act in (
        lambda session: writer.change(session, *mine, lambda live: live, DASHBOARD),
        lambda session: writer.change(
            session, *mine, lambda live: live, DASHBOARD, is_published=False
        ),
        lambda session: writer.archive(session, *mine, DASHBOARD),
        lambda session: writer.archive(session, *mine, DASHBOARD),
        lambda session: writer.change(session, *mine, lambda live: live, DASHBOARD, restores=True),
    ):
        with database.transaction() as session:
            act(session)

    assert verbs(database)[-4:] == [
        "server.assign", "walkthrough.hide", "walkthrough.archive", "walkthrough.restore",
    ]  # fmt: skip


def test_an_assignment_is_recorded_with_its_titles_and_only_when_it_changes(database, course):
    caller, row = course
    mine = (caller.organization_id, caller.server_id)
    with database.transaction() as session:
        second = walkthrough(session, mine[0], content(id="tea", title="Tea"), server_id=mine[1])
    for _ in range(2):
        with database.transaction() as session:
            assignments.switch(session, *mine, row, is_enabled=False)
            assignments.move(session, *mine, second, None)
            assignments.assign(session, *mine, [second])
    with database.transaction() as session:
        assignments.unassign(session, *mine, second)
        assignments.unassign(session, *mine, second)

    assert [(each.verb, each.title) for each in events(database)[-4:]] == [
        ("server.assign", "Acme"),
        ("assignment.change", "Deploy on Acme"),
        ("assignment.move", "Tea on Acme"),
        ("assignment.remove", "Tea on Acme"),
    ]


def test_what_is_rolled_back_leaves_no_row(database, course):
    caller, row = course
    before = len(events(database))
    with database.transaction() as session:
        writer.archive(session, caller.organization_id, row, DASHBOARD)
        session.rollback()

    assert len(events(database)) == before


@pytest.mark.parametrize(
    "statement",
    [update(AuditEvent).values(title="other"), delete(AuditEvent), text("TRUNCATE audit_events")],
)
def test_a_row_is_neither_changed_nor_deleted(database, course, statement):
    with pytest.raises(DBAPIError, match="append-only"), database.transaction() as session:
        session.execute(statement)


def test_rows_go_with_their_organization_and_with_nothing_else(database, course):
    caller, _ = course
    with database.transaction() as session:
        other = organization(session, "other")
        record(session, Event(other.id, "walkthrough.publish", "wt_1", "Theirs"))
    with database.transaction() as session:
        session.execute(delete(Organization).where(Organization.id == caller.organization_id))

    assert [each.title for each in events(database)] == ["Theirs"]


def test_long_texts_and_lists_are_cut(database, course):
    caller, _ = course
    values = {"text": "x" * 70_000, "list": ["y" * 1000] * 500, "number": 3, "none": None}
    with database.transaction() as session:
        event = Event(caller.organization_id, "a.b", "id", "t" * 9000, values, values)
        record(session, event)
    last = events(database)[-1]

    assert len(last.title) == MAX_LETTERS
    assert len(str(last.before)) < 10_000
    assert last.after["list"][-1] == "and 480 more"
    assert (last.after["number"], last.after["none"]) == (3, None)


def test_learners_are_in_it_by_their_id_alone(database, course):
    caller, _ = course
    with database.transaction() as session:
        who = learner(session, caller.organization_id, "secret-name@x.example")
        links.create_link(session, "acme", who.email)
        links.revoke_links(session, "acme", who.email)
        erasing.erase(session, caller.organization_id, who.email)
    told = events(database)[-3:]

    assert [each.verb for each in told] == ["link.create", "link.end", "learner.erase"]
    assert told[0].after == told[1].after == {"learner": without_learners(who.id)}
    with database.engine.begin() as connection:
        rows = connection.execute(text("SELECT e::text FROM audit_events e")).scalars().all()
    assert not [row for row in rows if "secret-name" in row]


def test_commands_are_recorded_as_the_command_line(flask, database):
    with database.transaction() as session:
        acme = organization(session).id
        server(session, acme)
    flask("servers", "set", "acme", "--pace", "7", "--name", "Acme now")
    flask("servers", "set", "acme", "--pace", "7")
    flask("members", "add", "--organization", "acme", "--email", "a@x.example", "--role", "owner")
    flask("members", "add", "--organization", "acme", "--email", "b@x.example", "--role", "owner")
    flask("members", "role", "--organization", "acme", "--email", "b@x.example", "--role", "viewer")
    flask("members", "remove", "--organization", "acme", "--email", "b@x.example")
    flask("links", "create", "--server", "acme", "--email", "lea@x.example")
    flask("links", "revoke", "--server", "acme", "--email", "lea@x.example")
    told = events(database)

    assert {(each.actor, each.place) for each in told} == {("command line", "command line")}
    assert [(each.verb, each.title) for each in told] == [
        ("server.change", "Acme now"),
        ("member.add", "a@x.example"),
        ("member.add", "b@x.example"),
        ("member.role", "b@x.example"),
        ("member.remove", "b@x.example"),
        ("link.create", "Acme now"),
        ("link.end", "Acme now"),
    ]
    assert told[0].before == {"name": "Acme", "pace_seconds": 0}
    assert told[0].after == {"name": "Acme now", "pace_seconds": 7}
    assert (told[3].before, told[3].after) == ({"role": "owner"}, {"role": "viewer"})


def test_what_git_changes_is_the_sources_and_what_people_decide_is_theirs(synced, flask, database):
    before = len(events(database))
    synced.author.write("one", "two", name="fresh")
    first = synced.sync()
    synced.author.write("one", "three", name="fresh")
    synced.sync()
    flask("sync", "hold", "content")
    flask("sync", "resume", "content")
    flask("sync", "rollback", "content", first.plan.commit)
    told = [(each.actor, each.place, each.verb) for each in events(database)[before:]]
    git, operator = ("git:content", "Git"), ("command line", "command line")

    assert told == [
        (*git, "walkthrough.create"),
        (*git, "server.assign"),
        (*git, "walkthrough.publish"),
        (*operator, "source.hold"),
        (*operator, "source.resume"),
        (*git, "walkthrough.publish"),
        (*operator, "source.rollback"),
        (*operator, "source.hold"),
    ]


def test_a_secret_of_a_source_is_not_recorded(synced, flask, database):
    flask("sync", "source", "webhook", "content")
    flask("sync", "source", "set", "content", "--interval", "90")
    secret, changed = events(database)[-2:]

    assert secret.after == {"webhook_secret": "changed"}
    assert (changed.verb, changed.after) == ("source.change", {"interval_seconds": 90})
