"""Drafts in the database: saved, put aside, brought up to date; nothing that was written is lost."""

import json

import pytest
from sqlalchemy import func, select, text

from tests.builders import DASHBOARD, content, organization, step
from tests.draft_room import ANN, BEN, Room
from tests.drafts import change, request
from tests.turns import take_turns
from walkthroughs.errors import DraftLocked, DraftRefused, NotFound, WalkthroughNotFound
from walkthroughs.models import KeptCopy, WalkthroughDraft, WalkthroughVersion
from walkthroughs.publishing import draft_rows, drafts, kept_copies, read, versions, writer


@pytest.fixture
def room(database):
    return Room(database)


def test_without_a_draft_the_live_content_is_read_as_one(room):
    found = room.read()

    assert [step.id for step in found.draft.steps] == ["one", "two", "three"]
    assert (found.has_changes, found.draft.base_version, found.draft.revision) == (False, 1, 0)


def test_what_is_saved_is_read_again_and_is_no_version(room):
    saved = room.save(ANN, change("two", "Do more.", "Do two."))

    assert saved.as_json() | {"saved_at": None} == {
        "revision": 1, "saved_at": None, "merged": [], "conflicts": [], "notices": [], "stored": [],
        "problems": [], "checked": ["two"], "has_changes": True, "live_version": 1, "is_stale": False,
    }  # fmt: skip
    assert json.dumps(saved.as_json())
    assert saved.as_json()["saved_at"].endswith("+00:00")
    assert room.texts() == ["Do one.", "Do more.", "Do three."]
    live = room.call(read.read_content)
    assert live == content()


def test_what_is_written_as_it_is_live_is_no_draft(room):
    room.save(ANN, change("two", "Do more.", "Do two."))
    saved = room.save(ANN, change("two", "Do two.", "Do more."), base=1)

    assert (saved.row.has_changes, saved.applied.draft.revision) == (False, 2)
    assert room.read().draft.revision == 2


def test_a_draft_may_have_mistakes_and_they_are_told_of_the_steps_that_were_touched(room):
    saved = room.save(ANN, change("two", "", "Do two."), change("two", "", "Two", "title"))

    told = [
        (each["step"], each["field"], each["line"], each["level"])
        for each in saved.as_json()["problems"]
    ]
    assert told == [("two", "title", 1, "error"), ("two", "text", 1, "error")]
    assert room.texts()[1] == ""


def test_two_who_save_at_once_take_turns_and_both_are_kept(room):
    turns = take_turns(
        room.database,
        lambda: room.save(ANN, change("one", "Ann's.", "Do one.")),
        lambda: room.save(BEN, change("two", "Ben's.", "Do two.")),
    )

    assert turns.waited
    assert turns.second.result().applied.conflicts == ()
    assert room.texts() == ["Ann's.", "Ben's.", "Do three."]


def test_two_who_save_the_same_text_at_once_are_told_of_the_conflict(room):
    turns = take_turns(
        room.database,
        lambda: room.save(ANN, change("one", "Ann's.", "Do one.")),
        lambda: room.save(BEN, change("one", "Ben's.", "Do one.")),
    )

    (conflict,) = turns.second.result().as_json()["conflicts"]
    assert conflict == {
        "step": "one",
        "field": "text",
        "mine": "Ben's.",
        "theirs": "Ann's.",
        "by": ANN,
    }
    assert room.texts()[0] == "Ann's."


def test_a_double_submit_is_saved_once(room):
    asked = request({"kind": "add_step", "step": "new", "after": None, "title": "New"})
    turns = take_turns(
        room.database,
        lambda: room.call(drafts.save, asked, ANN),
        lambda: room.call(drafts.save, asked, ANN),
    )

    first, second = turns.first.result().as_json(), turns.second.result().as_json()
    assert (first["revision"], second["revision"]) == (1, 1)
    assert len(room.texts()) == 4


def test_the_loser_of_a_conflict_is_kept_and_old_copies_go(room):
    room.save(ANN, change("one", "Ann's.", "Do one."))
    room.save(BEN, change("one", "Ben's.", "Ann's.", resolves=True))
    (copy,) = room.call(kept_copies.list_copies)
    assert (copy.reason, copy.author, copy.step, copy.field) == ("conflict", ANN, "one", "text")
    assert room.call(kept_copies.read_copy, copy.id).content == {"text": "Ann's."}

    mine = {"kind": "drop", "step": "one", "field": "text"}
    room.save(BEN, *({**mine, "value": f"{number}\x00"} for number in range(60)))
    copies = room.call(kept_copies.list_copies)
    assert len(copies) == kept_copies.MAX_COPIES
    assert {each.author for each in copies} == {BEN}
    assert "\x00" not in room.call(kept_copies.read_copy, copies[0].id).content["text"]


def test_a_discarded_draft_is_kept_and_comes_back(room):
    room.save(ANN, change("two", "Do more.", "Do two."))
    copy_id = room.call(drafts.discard, ANN)
    assert room.texts()[1] == "Do two."
    assert room.call(drafts.discard, ANN) is None

    room.save(BEN, change("one", "Ben's.", "Do one."))
    room.call(drafts.restore_copy, copy_id, ANN)

    assert room.texts() == ["Do one.", "Do more.", "Do three."]
    reasons = [copy.reason for copy in room.call(kept_copies.list_copies)]
    assert sorted(reasons) == ["discarded", "replaced"]


def test_a_copy_of_one_text_is_no_draft(room):
    room.save(ANN, {"kind": "drop", "step": "one", "field": "text", "value": "Mine."})
    (copy,) = room.call(kept_copies.list_copies)

    with pytest.raises(NotFound, match="one text"):
        room.call(drafts.restore_copy, copy.id, ANN)
    with pytest.raises(NotFound, match="no such copy"):
        room.call(drafts.restore_copy, "kc_x", ANN)


@pytest.mark.parametrize("by_git", [True, False])
def test_the_draft_of_a_walkthrough_that_git_adopted_or_that_is_archived_is_kept_and_locked(
    room, by_git
):
    room.save(ANN, change("two", "Do more.", "Do two."))
    if by_git:
        room.adopt()
    else:
        room.call(writer.archive, DASHBOARD)

    with pytest.raises(
        DraftLocked,
        match="Git repository.*The draft is kept." if by_git else "archived.*The draft is kept.",
    ):
        room.save(ANN, change("two", "Do it.", "Do more."))
    with pytest.raises(DraftLocked):
        room.call(drafts.rebase_onto_live, ANN)
    found = room.read()
    assert found.draft.step("two").text == "Do more."
    assert "kept" in str(found.locked)
    assert room.call(drafts.discard, ANN) is not None


def test_a_draft_below_which_another_version_was_published_is_rebased(room):
    room.save(ANN, change("two", "Ann's.", "Do two."), change("three", "Ann's too.", "Do three."))
    room.publish(
        steps=(
            step("one", content="New."),
            step("three", content="New too."),
            step("two"),
            step("four"),
        )
    )
    assert room.read().is_stale
    assert room.save(ANN, change("one", "Do one!", "Do one.")).as_json()["is_stale"]

    rebased = room.call(drafts.rebase_onto_live, ANN)

    found = room.read()
    assert not found.is_stale
    assert [(each.id, each.text) for each in found.draft.steps] == [
        ("one", "Do one!"), ("three", "Ann's too."), ("two", "Ann's."), ("four", "Do four."),
    ]  # fmt: skip
    assert [(each.step, each.mine, each.theirs) for each in rebased.conflicts] == [
        ("one", "Do one!", "New."), ("three", "Ann's too.", "New too."),
    ]  # fmt: skip
    assert rebased.merged == ("Added: “Four”.",)
    assert [copy.reason for copy in room.call(kept_copies.list_copies)] == ["rebased"]
    assert room.call(drafts.rebase_onto_live, ANN).conflicts == ()


def test_the_texts_of_every_version_are_read_again_and_restored_into_the_draft(room):
    second = content("one", "three", title="Deploy it")
    room.publish("one", "three", title="Deploy it")
    room.publish("one")

    assert room.call(versions.read_version, 1) == content()
    assert room.call(versions.read_version, 2) == second
    assert room.call(versions.read_version, 3) == content("one")

    room.save(ANN, change("one", "Ann's.", "Do one."))
    room.call(drafts.restore_version, 2, ANN, only_step="three")
    assert room.texts() == ["Ann's.", "Do three."]
    room.call(drafts.restore_version, 1, ANN)
    assert room.texts() == ["Do one.", "Do two.", "Do three."]
    assert room.read().draft.details.title == "Deploy"
    assert room.call(read.read_content) == content("one")


def test_a_version_whose_texts_were_not_kept_is_told(room):
    room.publish("one")
    with room.database.transaction() as session:
        session.execute(text("UPDATE walkthrough_versions SET content = NULL"))

    with pytest.raises(Exception, match="texts of version 1 were not kept"):
        room.call(drafts.restore_version, 1, ANN)
    with pytest.raises(Exception, match="no version 9"):
        room.call(versions.read_version, 9)


def test_a_draft_is_of_its_organization_only(room):
    room.save(ANN, change("two", "Ann's.", "Do two."))
    with room.database.transaction() as session:
        other = organization(session, "other").id
    for work in (
        drafts.read,
        lambda *ids: drafts.save(*ids, request(), BEN),
        lambda *ids: drafts.discard(*ids, BEN),
        lambda *ids: drafts.restore_version(*ids, 1, BEN),
        lambda *ids: drafts.rebase_onto_live(*ids, BEN),
        lambda *ids: versions.read_version(*ids, 1),
    ):
        with room.database.transaction() as session, pytest.raises(WalkthroughNotFound):
            work(session, other, room.row)
    with room.database.transaction() as session:
        assert drafts.begun(session, other, [room.row]) == {}
        assert drafts.begun(session, room.org, [room.row]).keys() == {room.row}
        assert kept_copies.list_copies(session, other, room.row) == []


def test_the_database_refuses_a_draft_of_another_organizations_walkthrough(room):
    with room.database.transaction() as session:
        other = organization(session, "other").id
    for table in (WalkthroughDraft, KeptCopy):
        fields = {"revision": 1, "base_version": 1, "updated_by": "x"} if table is WalkthroughDraft else {
            "reason": "x", "author": "x", "content": {},
        }  # fmt: skip
        with pytest.raises(Exception, match="foreign key"), room.database.transaction() as session:
            session.add(table(organization_id=other, walkthrough_id=room.row, **fields))


def test_what_is_refused_changes_nothing(room):
    with pytest.raises(DraftRefused, match="65,5"):
        room.save(
            ANN, change("one", "Ann's.", "Do one."), change("two", f":::{{agent}}\n{'x' * 65_500}\n:::", "Do two."),
            change("two", "y" * 65_536, "", "assistant", resolves=True),
            {"kind": "add_step", "step": "new", "after": None, "assistant": "z" * 65_000, "text": ":::{agent}\n" + "y" * 999 + "\n:::"},
        )  # fmt: skip

    assert not room.read().has_changes
    with room.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(KeptCopy)) == 0
        assert session.scalar(select(func.count()).select_from(WalkthroughVersion)) == 1


def test_a_draft_that_is_too_large_as_a_whole_is_refused_with_its_size(room, monkeypatch):
    monkeypatch.setattr(draft_rows, "MAX_DRAFT_BYTES", 100_000)

    with pytest.raises(DraftRefused, match=r"12\d,\d{3} bytes; at most 100,000"):
        room.save(ANN, change("one", "ü" * 60_000, "Do one."))
    assert not room.read().has_changes
    assert room.save(ANN, change("one", "u" * 60_000, "Do one.")).row.has_changes


def test_a_copy_is_kept_once(room):
    for _ in range(2):
        room.save(ANN, {"kind": "drop", "step": "one", "field": "text", "value": "Mine."})

    assert len(room.call(kept_copies.list_copies)) == 1
