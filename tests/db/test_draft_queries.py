"""Drafts, versions, offers, copies and pictures of one walkthrough, where another has the same."""

import pytest
from sqlalchemy import text

from sync.fence import ClaimLost, take_fence
from tests.builders import DASHBOARD, content, new_course, organization, server, step, walkthrough
from tests.draft_room import ANN, BEN
from tests.drafts import change, request
from tests.learners import Learner
from tests.pictures import stored_picture
from walkthroughs.content.comparison import compare_contents
from walkthroughs.errors import NotFound, VersionUnavailable, WalkthroughNotFound
from walkthroughs.models import ContentSource, McpServerWalkthrough, WalkthroughImage
from walkthroughs.publishing import drafts, kept_copies, offers, publish_plan, versions, writer
from walkthroughs.publishing.draft_rows import read_draft
from walkthroughs.publishing.offers import ServerPlace
from walkthroughs.publishing.picture_sweep import sweep_pictures
from walkthroughs.publishing.picture_uses import places_of_pictures
from walkthroughs.publishing.pictures import copy_pictures, read_pictures, store_pictures

FOX, OWL = stored_picture(0), stored_picture(1)


class Room:
    """Two walkthroughs of one organization, both in their third version, and a foreign server."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.caller, self.row = new_course(session)
            self.org, self.acme = self.caller.organization_id, self.caller.server_id
            self.other = walkthrough(session, self.org, content(id="tea", title="Tea"))
            self.foreign = organization(session, "foreign").id
            self.foreign_server = server(session, self.foreign, "foreign").id
            for row, id, title in ((self.row, "deploy", "Deploy"), (self.other, "tea", "Tea")):
                for number in (2, 3):
                    wanted = content("one", id=id, title=f"{title} {number}")
                    writer.publish(session, self.org, row, wanted, DASHBOARD)

    def call(self, work, *arguments, **named):
        with self.database.transaction() as session:
            found = work(session, self.org, *arguments, **named)
            session.expunge_all()
            return found

    def free(self, what):
        """Return the values of rows that nobody has locked."""
        with self.database.transaction() as session:
            query = text(f"SELECT {what} FOR NO KEY UPDATE SKIP LOCKED")
            return set(session.scalars(query))


@pytest.fixture
def room(database):
    return Room(database)


def test_a_version_is_of_the_walkthrough_that_was_named(room):
    for row, title in ((room.row, "Deploy"), (room.other, "Tea")):
        titles = [room.call(versions.read_version, row, number).title for number in (1, 2, 3)]
        assert titles == [title, f"{title} 2", f"{title} 3"]
        since = room.call(versions.versions_since, row, 1)
        assert [(each.number, each.walkthrough_id) for each in since] == [(2, row), (3, row)]
    with pytest.raises(VersionUnavailable):
        room.call(versions.read_version, room.row, 4)
    with room.database.transaction() as session, pytest.raises(WalkthroughNotFound):
        versions.read_version(session, room.foreign, room.row, 3)


def test_a_walkthrough_takes_its_place_in_the_list_of_each_server_that_shall_offer_it(room):
    names = {room.row: "row", room.other: "other"}
    with room.database.transaction() as session:
        beside = server(session, room.org, "beside").id
        last = server(session, room.org, "last").id
        for name in ("x", "y", "z"):
            row = walkthrough(session, room.org, content(id=name), server_id=beside)
            names[row] = name
        z = walkthrough(session, room.org, content(id="zz"), server_id=room.acme)
        names[z] = "zz"
        writer_row = [room.row]
        offers.assignments.assign(session, room.org, last, writer_row)

    def lists():
        with room.database.transaction() as session:
            rows = session.query(McpServerWalkthrough).order_by(McpServerWalkthrough.display_order)
            found = {}
            for each in rows:
                name = names[each.walkthrough_id] + ("" if each.is_enabled else " off")
                found.setdefault(each.mcp_server_id, []).append(name)
            return [found[each] for each in (room.acme, beside, last)]

    def offer(*places):
        room.call(offers.offer, room.other, [ServerPlace(*each) for each in places])
        return lists()

    full = ["x", "y", "z"]
    assert offer((room.acme, 2)) == [["row", "other", "zz"], full, ["row"]]
    assert offer((room.acme, 3), (beside,)) == [["row", "zz", "other"], [*full, "other"], ["row"]]
    assert offer((beside, 1)) == [["row", "zz", "other off"], ["other", *full], ["row"]]
    for stranger in (room.foreign_server, "srv_nothing"):
        with pytest.raises(NotFound, match="no such server"):
            offer((stranger,))
    with room.database.transaction() as session:
        offers.offer(session, room.org, room.other, [ServerPlace(beside)])
        assert beside not in room.free("id FROM mcp_servers")


def test_copies_are_kept_for_each_walkthrough_kind_writer_and_field_by_themselves(
    room, monkeypatch
):
    def keep(row=room.row, words="a", **more):
        facts = {"reason": "conflict", "author": ANN, "step": "one", "field": "text"} | more
        return room.call(kept_copies.keep, row, {"text": words}, **facts)

    first = keep()
    assert keep() == first
    others = [
        keep(row=room.other), keep(field=None, step=None), keep(words="b"), keep(reason="window"),
        keep(author=BEN), keep(step="two"), keep(field="check"),
    ]  # fmt: skip
    assert len({first, *others}) == 8
    monkeypatch.setattr(kept_copies, "MAX_COPIES", 2)
    keep(words="c")
    more = keep(row=room.other, words="c")

    kept = {each.id for each in room.call(kept_copies.list_copies, room.row)}
    assert len(kept) == 3
    assert others[1] in kept  # the whole draft, of which there is one
    assert others[0] not in kept
    theirs = {each.id for each in room.call(kept_copies.list_copies, room.other)}
    assert theirs == {others[0], more}
    assert room.call(kept_copies.read_copy, room.other, others[0]).content == {"text": "a"}
    for row, copy in ((room.row, others[0]), (room.other, others[1]), (room.row, first)):
        with pytest.raises(NotFound):
            room.call(kept_copies.read_copy, row, copy)


def test_a_draft_and_its_plan_are_of_one_walkthrough(room):
    room.call(drafts.save, room.other, request(change("one", "New.", "Do one.")), ANN)
    assert room.call(drafts.begun, [room.row]) == {}
    assert room.call(drafts.begun, [room.row, room.other])[room.other][0] == ANN
    room.call(drafts.save, room.other, request(change("one", "Do one.", "New.")), ANN)
    assert room.call(drafts.begun, [room.other]) == {}  # it is as it is live

    lea = Learner(room.database, room.caller, room.row)
    lea.next(lea.select().step.id)
    lea.edit(content(steps=(step("one", revision=2),)))
    room.call(drafts.save, room.row, request(change("one", "New.", "Do one.")), ANN)
    with room.database.transaction() as session:
        row = read_draft(session, room.org, room.row)
        (offer,) = publish_plan.read_offers(session, row)
        assert (offer.server_id, offer.place, offer.is_enabled) == (room.acme, 1, True)
        shown = publish_plan.read_shown(session, row)
        comparison = compare_contents(row.live, shown.content)
        assert [each.step for each in comparison.reworded] == ["one"]
        assert publish_plan.count_done_by(session, row, comparison) == {}  # to be done again


def test_pictures_are_stored_read_copied_and_swept_for_each_walkthrough(room):
    room.call(store_pictures, room.other, [OWL])
    room.call(store_pictures, room.row, [FOX, OWL])
    assert room.call(read_pictures, room.row, [OWL.name, "x"]) == (OWL,)
    assert room.call(read_pictures, room.other, [FOX.name]) == ()
    both = step("one", content=f"![Fox](i/{FOX.name}) ![Owl](i/{OWL.name})")
    target = room.call(walkthrough, content(id="copy", steps=(both,)))
    room.call(copy_pictures, room.row, target, [OWL.name])
    assert room.call(read_pictures, target, [FOX.name, OWL.name]) == (OWL,)

    named = {"text": f"i/{OWL.name}"}
    wanted = content(id="tea", title="Tea", steps=(step("one", content=f"![Owl](i/{OWL.name})"),))
    room.call(writer.publish, room.other, wanted, DASHBOARD)
    room.call(drafts.save, room.other, request(change("one", named["text"], wanted.steps[0].content)), ANN)  # fmt: skip
    room.call(kept_copies.keep, room.other, named, reason="conflict", author=ANN)
    room.call(writer.publish, room.other, content(id="tea", title="Tea"), DASHBOARD)
    assert set(room.call(places_of_pictures, room.other)[OWL.sha256]) == {
        "a kept copy", "the draft", "version 4",
    }  # fmt: skip
    assert room.call(places_of_pictures, room.row) == {}

    later = 2**42
    with room.database.transaction() as session:  # somebody writes all but the other one
        rows = text("SELECT id FROM walkthroughs WHERE id <> :id FOR NO KEY UPDATE")
        session.execute(rows, {"id": room.other})
        assert sweep_pictures(room.database, later) == 0
    assert sweep_pictures(room.database, 0) == 0
    assert sweep_pictures(room.database, later) == 2
    with room.database.transaction() as session:
        left = {(each.walkthrough_id, each.sha256) for each in session.query(WalkthroughImage)}
    assert left == {(room.other, OWL.sha256), (target, OWL.sha256)}


def test_a_run_takes_over_its_own_source_and_none_begins_while_it_writes(room):
    with room.database.transaction() as session:
        sources = [ContentSource(organization_id=room.org, name=n, url="/srv/x") for n in "ab"]
        session.add_all(sources)
        session.flush()
        session.expunge_all()
    ours, theirs = (take_fence(room.database, each) for each in sources)
    newer = take_fence(room.database, sources[1])
    with room.database.transaction() as session:
        ours.check(session)
        with room.database.transaction() as other:
            query = text("SELECT id FROM content_sources FOR UPDATE SKIP LOCKED")
            assert set(other.scalars(query)) == {sources[1].id}
    with room.database.transaction() as session:
        newer.check(session)
        with pytest.raises(ClaimLost):
            theirs.check(session)
