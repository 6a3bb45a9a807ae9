"""What is published of a draft is what was shown, in one transaction."""

import json

import pytest
from sqlalchemy import select

from tests.builders import content, learner, server, step, walkthrough
from tests.draft_room import ANN, BEN, Room
from tests.drafts import change
from tests.turns import take_turns
from walkthroughs.content.draft import AGAIN
from walkthroughs.content.revision import Level
from walkthroughs.errors import (
    DraftLocked,
    DraftRefused,
    NotFound,
    NothingToPublish,
    PublishBlocked,
    PublishPlanChanged,
    VersionUnavailable,
)
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import McpServerWalkthrough, Walkthrough, WalkthroughVersion
from walkthroughs.publishing import assignments, draft_publishing, drafts, offers, read
from walkthroughs.publishing.offers import ServerPlace


class Desk(Room):
    """A walkthrough on one server of two, and learners."""

    def __init__(self, database):
        super().__init__(database)
        with database.transaction() as session:
            self.first = server(session, self.org, "first").id
            self.second = server(session, self.org, "second").id
            assignments.assign(session, self.org, self.first, [self.row])

    def plan(self):
        return self.call(draft_publishing.publish_plan)

    def publish_shown(self, **options):
        return self.call(draft_publishing.publish, self.plan().fingerprint, ANN, **options)

    def learner(self, email, *, steps=0):
        """Somebody who has done so many steps."""
        with self.database.transaction() as session:
            who = learner(session, self.org, email).id
        caller, cache = Caller(self.org, self.first, who), ContentCache()
        view = progress.select(self.database, cache, caller, self.row, resume=True)
        for _ in range(steps):
            view = progress.advance(self.database, cache, caller, view.step.id)
        return caller

    def offered(self):
        with self.database.transaction() as session:
            rows = session.scalars(
                select(McpServerWalkthrough).where(McpServerWalkthrough.walkthrough_id == self.row)
            )
            return {row.mcp_server_id: row.is_enabled for row in rows}

    def version(self, number):
        with self.database.transaction() as session:
            return session.scalar(
                select(WalkthroughVersion).where(WalkthroughVersion.number == number)
            )


@pytest.fixture
def desk(database):
    return Desk(database)


def test_a_plan_shows_the_words_that_changed_the_people_and_the_servers(desk):
    desk.learner("a@x.example", steps=1)
    desk.learner("b@x.example")
    desk.learner("c@x.example", steps=3)
    desk.save(ANN, change("one", "Do one!", "Do one."), {"kind": "delete_step", "step": "two"})
    plan = desk.plan()
    shown = json.loads(json.dumps(plan.as_json()))

    assert shown["comparison"]["summary"] == "1 step removed, 1 text changed"
    assert [(each["step"], each["kind"]) for each in shown["comparison"]["steps"]] == [
        ("one", "changed"),
        ("two", "removed"),
    ]
    assert shown["comparison"]["steps"][0]["texts"][0]["pieces"] == [
        {"kind": "same", "text": "Do one"}, {"kind": "removed", "text": "."}, {"kind": "added", "text": "!"},
    ]  # fmt: skip
    assert shown["people"]["lines"] == [
        "2 people are mid-way: 1 keep their place.",
        "1 learner is on “Two”, which goes away; they continue at “Three”.",
        "1 who finished stay finished.",
    ]
    assert plan.people.done == {"one": 2}
    assert [(each.name, each.place, each.is_enabled) for each in plan.shown.offers] == [
        ("First", 1, True),
        ("Second", None, False),
    ]
    assert (
        shown["live_version"],
        shown["next_version"],
        shown["is_blocked"],
        shown["is_first"],
    ) == (1, 2, False, False)


def test_what_was_shown_is_published_with_its_note_and_there_is_no_draft_then(desk):
    desk.save(ANN, change("one", "Do one!", "Do one."))
    done = desk.publish_shown(note=" Clearer.\r\n")

    assert (done.version, done.level) == (2, Level.TEXT)
    assert desk.call(read.read_content).steps[0].content == "Do one!"
    version = desk.version(2)
    assert (version.author, version.note) == (ANN, "Clearer.")
    found = desk.read()
    assert (found.has_changes, found.draft.base_version, found.draft.revision) == (False, 2, 2)


def test_a_text_is_delivered_as_that_of_a_file_and_what_nobody_touched_stays_exactly(desk):
    raw = ":::note\nMind.\n:::"
    desk.publish(steps=(step("one", content=raw), step("two")), tags=("a, b", "c"))
    desk.save(ANN, change("two", ":::note\nMind.\n:::\n\nDo it.\n<!-- left out -->\n", "Do two."))
    desk.publish_shown()

    live = desk.call(read.read_content)
    assert live.tags == ("a, b", "c")
    assert live.steps[0].content == raw
    assert live.steps[1].content == "> **Note**  \n> Mind.\n\nDo it."


def test_learners_do_a_step_again_where_the_member_says_so(desk):
    caller = desk.learner("a@x.example", steps=1)
    desk.save(ANN, change("one", "Do one!", "Do one."))
    done = desk.publish_shown(levels={"one": AGAIN})

    assert done.level is Level.REDO
    status = progress.status(desk.database, ContentCache(), caller, desk.row)
    assert status.percent == 0
    with pytest.raises(DraftRefused):
        desk.publish_shown(levels={"nine": AGAIN})
    with pytest.raises(DraftRefused):
        desk.publish_shown(levels={"one": "maybe"})


def test_what_was_not_shown_is_not_published_and_the_error_says_what_changed(desk):
    desk.save(ANN, change("one", "Do one!", "Do one."))
    shown = desk.plan().fingerprint
    desk.save(BEN, change("two", "Ben's.", "Do two."), base=1)

    with pytest.raises(PublishPlanChanged, match=f"{BEN} changed the text of “Two”"):
        desk.call(draft_publishing.publish, shown, ANN)
    with pytest.raises(PublishPlanChanged, match="no plan"):
        desk.call(draft_publishing.publish, "x", ANN)
    with desk.database.transaction() as session:
        shown = desk.plan().fingerprint
        offers.offer(session, desk.org, desk.row, [ServerPlace(desk.second)])
    with pytest.raises(PublishPlanChanged, match="servers"):
        desk.call(draft_publishing.publish, shown, ANN)
    assert desk.read().has_changes


def test_a_plan_that_learners_walked_on_below_is_published(desk):
    desk.save(ANN, change("one", "Do one!", "Do one."))
    shown = desk.plan().fingerprint
    desk.learner("a@x.example", steps=2)

    assert desk.call(draft_publishing.publish, shown, ANN).version == 2


def test_a_draft_with_mistakes_or_below_a_newer_version_is_not_published_and_kept(desk):
    desk.save(ANN, change("one", "![](https://x.example/a.png)", "Do one."))
    assert desk.plan().shown.is_blocked
    with pytest.raises(PublishBlocked, match="a picture without a text"):
        desk.publish_shown()

    shown = desk.plan().fingerprint
    desk.publish("one", "two")
    with pytest.raises(
        PublishPlanChanged, match=r"Version 2 was published by ana@acme\.example: 1 step removed"
    ):
        desk.call(draft_publishing.publish, shown, ANN)
    with pytest.raises(PublishBlocked, match="Rebase"):
        desk.publish_shown()
    assert desk.read().draft.step("one").text.startswith("![]")


def test_without_changes_there_is_nothing_to_publish_but_the_first_time(desk):
    with pytest.raises(NothingToPublish):
        desk.publish_shown()
    with desk.database.transaction() as session:
        session.get_one(Walkthrough, desk.row).is_published = False
    assert desk.plan().shown.is_first
    desk.publish_shown()

    with desk.database.transaction() as session:
        assert session.get_one(Walkthrough, desk.row).is_published


def test_the_servers_that_were_chosen_offer_it_at_their_places(desk):
    with desk.database.transaction() as session:
        others = [
            walkthrough(
                session, desk.org, content(id=f"w{n}", title=f"W{n}"), server_id=desk.second
            )
            for n in range(3)
        ]
    desk.save(ANN, change("one", "Do one!", "Do one."))
    desk.publish_shown(servers=[ServerPlace(desk.second, 2)])

    assert desk.offered() == {desk.first: False, desk.second: True}
    with desk.database.transaction() as session:
        rows = session.scalars(
            select(McpServerWalkthrough)
            .where(McpServerWalkthrough.mcp_server_id == desk.second)
            .order_by(McpServerWalkthrough.display_order)
        )
        assert [row.walkthrough_id for row in rows] == [others[0], desk.row, *others[1:]]
    assert [offer.place for offer in desk.plan().shown.offers] == [1, 2]


def test_a_publication_that_fails_at_its_servers_changes_nothing(desk):
    desk.save(ANN, change("one", "Do one!", "Do one."))
    with pytest.raises(NotFound, match="no such server"):
        desk.publish_shown(servers=[ServerPlace("ms_of_somebody_else")])

    assert desk.call(read.read_content) == content()
    assert desk.read().has_changes


def test_of_two_who_publish_at_once_one_does(desk):
    desk.save(ANN, change("one", "Do one!", "Do one."))
    shown = desk.plan().fingerprint
    turns = take_turns(
        desk.database,
        lambda: desk.call(draft_publishing.publish, shown, ANN),
        lambda: desk.call(draft_publishing.publish, shown, BEN),
    )

    assert turns.waited
    assert turns.first.result().version == 2
    assert isinstance(turns.second.exception(), PublishPlanChanged)


def test_what_is_saved_while_somebody_publishes_begins_the_next_draft(desk):
    desk.save(ANN, change("one", "Do one!", "Do one."))
    shown = desk.plan().fingerprint
    turns = take_turns(
        desk.database,
        lambda: desk.call(draft_publishing.publish, shown, ANN),
        lambda: desk.save(BEN, change("two", "Ben's.", "Do two."), base=1),
    )

    assert turns.waited
    saved = turns.second.result()
    assert (saved.row.has_changes, saved.row.live_version, saved.applied.conflicts) == (True, 2, ())
    assert desk.texts() == ["Do one!", "Ben's.", "Do three."]
    assert desk.call(read.read_content).steps[1].content == "Do two."


def test_who_publishes_while_somebody_saves_has_not_seen_it(desk):
    desk.save(ANN, change("one", "Do one!", "Do one."))
    shown = desk.plan().fingerprint
    turns = take_turns(
        desk.database,
        lambda: desk.save(BEN, change("two", "Ben's.", "Do two."), base=1),
        lambda: desk.call(draft_publishing.publish, shown, ANN),
    )

    assert turns.waited
    assert isinstance(turns.second.exception(), PublishPlanChanged)


def test_a_source_that_adopts_while_somebody_publishes_keeps_the_draft(desk):
    desk.save(ANN, change("one", "Do one!", "Do one."))
    shown = desk.plan().fingerprint
    turns = take_turns(
        desk.database, desk.adopt, lambda: desk.call(draft_publishing.publish, shown, ANN)
    )

    assert isinstance(turns.second.exception(), DraftLocked)
    assert desk.read().draft.step("one").text == "Do one!"
    with pytest.raises(DraftLocked):
        desk.plan()


def test_an_undo_publishes_the_version_before_and_the_draft_is_what_was_taken_back(desk):
    caller = desk.learner("a@x.example", steps=1)
    desk.save(ANN, change("one", "Do one!", "Do one."), {"kind": "delete_step", "step": "two"})
    desk.publish_shown(levels={"one": AGAIN})
    done = desk.call(draft_publishing.undo, 2, BEN)

    assert done.version == 3
    assert desk.call(read.read_content) == content()
    assert desk.version(3).note == "Takes version 2 back."
    assert progress.status(desk.database, ContentCache(), caller, desk.row).percent == 33
    assert desk.texts() == ["Do one!", "Do three."]
    assert not desk.read().is_stale
    with pytest.raises(PublishPlanChanged, match="Version 3 was published"):
        desk.call(draft_publishing.undo, 2, BEN)


def test_an_undo_leaves_a_draft_alone_and_can_hide_what_nobody_had_seen_before(desk):
    desk.save(ANN, change("one", "Do one!", "Do one."))
    desk.publish_shown()
    desk.save(ANN, change("one", "Later.", "Do one!"))
    desk.call(draft_publishing.undo, 2, ANN, hides=True)

    assert desk.texts()[0] == "Later."
    assert desk.read().is_stale
    assert not desk.read().walkthrough.is_published
    assert desk.call(drafts.rebase_onto_live, ANN).conflicts != ()


def test_the_first_version_has_none_before_it(desk):
    with pytest.raises(VersionUnavailable, match="before the first"):
        desk.call(draft_publishing.undo, 1, ANN)


def test_a_note_has_a_limit(desk):
    with pytest.raises(DraftRefused, match="1,001"):
        desk.publish_shown(note="x" * 1001)


def test_two_who_publish_different_walkthroughs_on_the_same_servers_take_turns(desk):
    other = Room.__new__(Room)
    other.database, other.org = desk.database, desk.org
    with desk.database.transaction() as session:
        other.row = walkthrough(session, desk.org, content(id="other", title="Other"))
        assignments.assign(session, desk.org, desk.second, [other.row])
    places = [ServerPlace(desk.second, 1), ServerPlace(desk.first, 1)]

    def publish(room, servers):
        room.save(ANN, change("one", "Do one!", "Do one."))
        shown = room.call(draft_publishing.publish_plan).fingerprint
        return lambda: room.call(draft_publishing.publish, shown, ANN, servers=servers)

    turns = take_turns(desk.database, publish(desk, places), publish(other, places[::-1]))

    assert turns.waited
    assert (turns.first.result().version, turns.second.result().version) == (2, 2)
