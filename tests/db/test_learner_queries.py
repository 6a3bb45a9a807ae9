"""Learners, providers and places of one organization, where another one has the same."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import content, learner, organization, walkthrough
from tests.learners import CACHE, Learner, lea
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.identity import learners, providers
from walkthroughs.learning import moved_steps
from walkthroughs.learning.relocation import move_to_step
from walkthroughs.models import OidcProvider

__all__ = ["lea"]


class Room:
    """Lea's organization, where she and Max learn, and another one that has a Lea, too."""

    def __init__(self, lea):
        self.lea, self.database, self.org = lea, lea.database, lea.caller.organization_id
        self.other = lea.add_other()
        with self.database.transaction() as session:
            self.foreign = organization(session, "foreign").id
            self.stranger = learner(session, self.foreign).id
            self.max_id = learner(session, self.org, "max@x.example").id
            for owner in (self.org, self.foreign):
                learner(session, owner, learners.ERASED)
        self.max = replace(lea.caller, learner_id=self.max_id)

    def call(self, work, *arguments, **named):
        with self.database.transaction() as session:
            return work(session, *arguments, **named)

    def change(self, values, row, learner=None):
        with self.database.begin() as connection:
            query = f"UPDATE walkthrough_progress SET {values} WHERE walkthrough_id = :row"
            of = {"row": row, "who": learner or self.lea.caller.learner_id}
            connection.execute(text(f"{query} AND mcp_server_user_id = :who"), of)

    def at(self, row, caller=None):
        return Learner(self.database, caller or self.lea.caller, row)


@pytest.fixture
def room(lea):
    return Room(lea)


def test_learners_and_providers_are_found_in_their_organization(room):
    room.lea.select()
    room.at(room.other).select()
    room.change("status = 'not_started'", room.other)
    own = room.lea.caller.learner_id
    lines, total = room.call(learners.list_learners, room.org, limit=9)
    assert [(line.email, line.walkthroughs) for line in lines] == [
        ("lea@x.example", 1), ("max@x.example", 0),
    ]  # fmt: skip
    assert total == 2
    assert room.call(learners.read_lines, room.foreign, [own, room.stranger])[0].id == room.stranger
    assert room.call(learners.read_lines, room.foreign, [own]) == []
    for named, owner in ((learners.ERASED, room.org), (own, room.foreign)):
        with pytest.raises(NotFound):
            room.call(learners.find_learner, owner, named)
    for owner, id in ((room.org, own), (room.foreign, room.stranger)):
        assert room.call(learners.find_learner, owner, "lea@x.example").id == id
        assert room.call(learners.learner_ids, owner, ["lea@x.example"]) == {"lea@x.example": id}

    def provider(owner, name):
        return OidcProvider(
            organization_id=owner, name=name, issuer="https://a.example", client_id="c",
            client_secret="s",
        )  # fmt: skip

    with room.database.transaction() as session:
        session.add_all([provider(room.foreign, "there"), provider(room.foreign, "here")])
        session.flush()
        with pytest.raises(HandrailError, match="no provider where"):
            providers.only_provider(session, room.org)
        session.add(provider(room.org, "here"))
        session.flush()
        assert providers.only_provider(session, room.org).organization_id == room.org
        assert providers.find_provider(session, room.org, "here").organization_id == room.org
        with pytest.raises(NotFound):
            providers.find_provider(session, room.org, "there")
        with pytest.raises(HandrailError, match="several"):
            providers.only_provider(session, room.foreign)


def test_where_a_learner_was_last_is_told_of_what_they_have_begun_themselves(room):
    with room.database.transaction() as session:
        server = room.lea.caller.server_id
        third = walkthrough(session, room.org, content("x", id="third"), server_id=server)
    for who in (room.lea, room.at(room.other)):
        who.select()
    room.at(room.other, room.max).select()
    room.change("active_at = 10", room.lea.row)
    room.change("active_at = 20, status = 'not_started'", room.other)
    room.change("active_at = 30", room.other, room.max_id)
    # The step call without a step goes on with one's own last place.
    assert room.at(third).next().step.title == "Two"
    room.change("active_at = 10", room.lea.row)
    room.at(third).select()
    with room.database.begin() as connection:
        query = "SELECT from_walkthrough_id FROM tool_events_incoming WHERE walkthrough_id = :row"
        found = connection.execute(text(query), {"row": third})
        assert found.scalars().all() == [room.lea.row]


def test_completions_are_removed_from_the_rows_that_hold_them_while_the_learner_is_locked(room):
    uno = room.at(room.other).select().step.id
    room.lea.select()
    room.change(f"completed_steps = '[\"{uno}\"]'", room.lea.row)
    room.at(room.other, room.max).select()
    with room.database.begin() as connection:
        ended = moved_steps.remove_completions(connection, room.lea.caller, room.other)
        assert ended == {uno}
        with room.database.begin() as beside:
            query = "SELECT id FROM mcp_server_user FOR NO KEY UPDATE SKIP LOCKED"
            free = set(beside.execute(text(query)).scalars())
        assert room.lea.caller.learner_id not in free
        assert {room.max_id, room.stranger} <= free
        query = "SELECT walkthrough_id, status, completed_steps FROM walkthrough_progress"
        mine = f"{query} WHERE mcp_server_user_id = :id"
        found = connection.execute(text(mine), {"id": room.lea.caller.learner_id}).all()
    assert {row: (status, done) for row, status, done in found} == {
        room.lea.row: ("in_progress", []), room.other: ("in_progress", []),
    }  # fmt: skip
    # Who is put on a step is this learner: others stay where they are.
    with room.database.transaction() as session:
        dos = session.scalar(text("SELECT id FROM walkthrough_steps WHERE title = 'Dos'"))
    move_to_step(room.database, CACHE, room.lea.caller, room.other, dos)
    with room.database.begin() as connection:
        query = "SELECT mcp_server_user_id, current_step_id FROM walkthrough_progress"
        found = connection.execute(
            text(f"{query} WHERE walkthrough_id = :row"), {"row": room.other}
        )
        assert set(found.all()) == {(room.lea.caller.learner_id, dos), (room.max_id, uno)}
