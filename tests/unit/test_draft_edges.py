"""The edges of what several people write in one draft: what is told again, kept, and marked."""

from dataclasses import replace

import pytest

from tests.drafts import ask, change, draft, request
from walkthroughs.content.draft import short_hash
from walkthroughs.content.draft_apply import apply
from walkthroughs.content.draft_changes import only_texts
from walkthroughs.content.draft_outcome import Conflict
from walkthroughs.errors import DraftRefused

ANN, BEN = "ann@acme.example", "ben@acme.example"


def delete(step, **more):
    return {"kind": "delete_step", "step": step, **more}


def move(step, after, **more):
    return {"kind": "move_step", "step": step, "after": after, **more}


def test_conflicts_are_told_again_until_the_draft_is_as_it_was_asked_for():
    start = ask(draft(), ANN, change("aa", "Ann's.", "Do aa."), delete("bb")).draft
    start = ask(start, ANN, change("cc", "Ann's.", "Do cc.")).draft
    asked = request(
        change("aa", "Ben's.", "Do aa."), move("bb", None), delete("cc"), change("bb", "B", "Do bb.")
    )  # fmt: skip
    told = (
        Conflict("aa", "text", "Ben's.", "Ann's.", ANN),
        Conflict("bb", "step", "", None, ANN),
        Conflict("cc", "step", None, "Ann's.", ANN),
        Conflict("bb", "step", "B", None, ANN),
    )
    refused = apply(start, asked, BEN)
    assert refused.conflicts == told
    assert {each.step: each.field for each in apply(refused.draft, asked, BEN).conflicts} == {
        each.step: each.field for each in told
    }
    assert [(c.mine, c.theirs) for c in apply(refused.draft, asked, BEN).conflicts] == [
        (c.mine, c.theirs) for c in told
    ]

    fewer = replace(asked, changes=asked.changes[:1])  # a client that has forgotten the others
    assert [each.step for each in apply(refused.draft, fewer, BEN).conflicts] == ["aa"]
    back = {"kind": "add_step", "step": "bb", "after": None, "text": "B"}
    as_asked = ask(refused.draft, ANN, change("aa", "Ben's.", "Ann's."), back, delete("cc")).draft
    assert apply(as_asked, asked, BEN).conflicts == ()


def test_a_copy_is_kept_only_of_a_text_that_somebody_else_wrote_and_lost():
    plain = ask(draft(), ANN, change("bb", "Do more.", "Do bb."), delete("cc"))
    assert (plain.kept, plain.stored, plain.notices) == ((), (), ())
    empty = ask(draft(), ANN, change("bb", " ", "Do bb.")).draft
    resolved = ask(empty, BEN, change("bb", "Ben's.", " ", resolves=True), base=0)
    assert (resolved.draft.step("bb").text, resolved.kept) == ("Ben's.", ())
    dropped = ask(
        draft(), BEN, {"kind": "drop", "step": None, "field": "description", "value": "x"}
    )
    assert [(each.step, each.field, each.text) for each in dropped.kept] == [
        (None, "description", "x")
    ]
    with pytest.raises(DraftRefused, match='"field" must be one of'):
        request({"kind": "drop", "step": "bb", "field": "description", "value": "x"})


def test_marks_say_who_wrote_what_in_which_revision_and_what_is_as_it_was_has_none():
    before = draft()
    before = replace(
        before, steps=(before.steps[0], *(replace(s, section="Old") for s in before.steps[1:]))
    )
    done = ask(
        before, ANN,
        change("aa", "New.", "Do aa."), move("cc", "bb", section="Old"), move("bb", "bb"),
    ).draft  # fmt: skip
    assert done.marks.keys() == {"aa.text"}
    assert (done.marks["aa.text"].revision, done.revision) == (1, 1)
    moved = ask(done, ANN, move("cc", "aa", section="New")).draft
    assert (moved.marks["cc.section"].before, moved.marks["cc.section"].revision) == (
        short_hash("Old"),
        2,
    )
    renamed = ask(moved, ANN, {"kind": "rename_section", "section": "Old", "value": "Older"}).draft
    assert [step.section for step in renamed.steps] == ["", "New", "Older"]

    def told(by, base):
        return ask(moved, by, change("aa", "Other.", "New.", "assistant"), base=base).merged

    assert told(BEN, 1) == (f"{ANN} changed the section of “Cc”.", f"{ANN} moved or added “Cc”.")
    assert told(BEN, 2) == told(ANN, 0) == ()
    assert ask(done, BEN, change("aa", "Ben's.", "Do aa."), base=0).merged == ()  # a conflict


def test_a_step_behind_what_was_first_or_in_an_empty_draft_is_the_first():
    first = ask(draft(), ANN, delete("aa")).draft
    add = {"kind": "add_step", "step": "new", "after": "aa"}
    assert [step.id for step in ask(first, BEN, add, base=0).draft.steps] == ["new", "bb", "cc"]
    assert [step.id for step in ask(draft(steps=()), BEN, add).draft.steps] == ["new"]


def test_a_part_stays_in_the_field_it_was_written_into_and_a_title_is_one_line():
    part = ":::{verify}\nx\n:::"
    step = ask(
        draft(), ANN, change("bb", part, "", "assistant"), change("bb", "A\nB", "Bb", "title")
    ).draft.step("bb")  # fmt: skip
    assert (step.assistant, step.check, step.title) == (part, "", "A B")


def test_changes_that_a_list_of_steps_shows_are_told_from_texts():
    text, title = change("bb", "x", ""), change("bb", "x", "", "title")
    assert only_texts(request(text, change(None, "x", "", "tags"))) == {"bb", None}
    for more in (title, delete("bb")):
        assert only_texts(request(text, more)) is None
    assert only_texts(request()) == set()


def test_details_have_limits_and_minutes_may_be_none():
    assert ask(draft(), ANN, change(None, None, "", "minutes")).draft.details.minutes == ""
    request(change(None, ["a"] * 1000, "", "tags"))
    with pytest.raises(DraftRefused, match="tags"):
        request(change(None, ["a"] * 1001, "", "tags"))
    with pytest.raises(DraftRefused, match=f'"{"x" * 40}"'):
        request({"kind": "x" * 60})
