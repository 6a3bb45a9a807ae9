"""What several people write in one draft: it merges, or both texts are told."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drafts import ask, change, draft, request, texts
from walkthroughs.content.draft import DETAIL_FIELDS, STEP_FIELDS, text_hash
from walkthroughs.content.draft_apply import apply
from walkthroughs.content.draft_changes import request_from_json
from walkthroughs.content.draft_json import draft_as_json, draft_from_json
from walkthroughs.content.draft_outcome import Conflict
from walkthroughs.errors import DraftRefused

ANN, BEN = "ann@acme.example", "ben@acme.example"


def test_a_text_that_the_writer_has_seen_is_replaced_and_makes_the_next_revision():
    done = ask(draft(), ANN, change("bb", "Do more.", "Do bb."))

    assert texts(done.draft) == [("aa", "Do aa."), ("bb", "Do more."), ("cc", "Do cc.")]
    assert (done.draft.revision, done.conflicts, done.merged) == (1, (), ())


def test_two_people_in_different_fields_merge_and_the_second_is_told():
    first = ask(draft(), ANN, change("bb", "Do more.", "Do bb."))
    second = ask(first.draft, BEN, change("bb", "Build", "Bb", "title"), base=0)

    assert second.conflicts == ()
    assert second.merged == (f"{ANN} changed the text of “Bb”.",)
    assert second.draft.step("bb").text == "Do more."
    assert second.draft.step("bb").title == "Build"


def test_the_same_text_from_another_base_is_a_conflict_with_both_texts():
    first = ask(draft(), ANN, change("bb", "Ann's.", "Do bb."))
    second = ask(first.draft, BEN, change("bb", "Ben's.", "Do bb."), base=0)

    assert second.conflicts == (Conflict("bb", "text", "Ben's.", "Ann's.", ANN),)
    assert second.draft.step("bb").text == "Ann's."
    assert second.draft.revision == first.draft.revision


def test_a_conflict_is_no_hindrance_to_the_other_changes_of_its_request():
    first = ask(draft(), ANN, change("bb", "Ann's.", "Do bb."))
    wanted = (change("bb", "Ben's.", "Do bb."), change("cc", "Do it.", "Do cc."))
    second = ask(first.draft, BEN, *wanted, base=0)

    assert len(second.conflicts) == 1
    assert second.draft.step("cc").text == "Do it."


def test_both_writing_the_same_is_no_conflict():
    first = ask(draft(), ANN, change("bb", "Same.", "Do bb."))
    second = ask(first.draft, BEN, change("bb", "Same.", "Do bb."), base=0)

    assert (second.conflicts, second.draft.revision) == ((), 1)


def test_a_window_that_has_not_heard_of_its_own_change_goes_on():
    first = ask(draft(), ANN, change("bb", "Do", "Do bb."), client="w1")
    second = ask(first.draft, ANN, change("bb", "Do more.", "Do bb."), base=0, client="w1")

    assert (second.conflicts, second.kept) == ((), ())
    assert second.draft.step("bb").text == "Do more."


def test_two_windows_of_one_person_are_two_writers():
    first = ask(draft(), ANN, change("bb", "One.", "Do bb."), client="w1")
    second = ask(first.draft, ANN, change("bb", "Two.", "Do bb."), base=0, client="w2")

    assert second.conflicts == (Conflict("bb", "text", "Two.", "One.", ANN),)


def test_a_window_that_does_not_say_which_it_is_replaces_its_writers_text_and_a_copy_is_kept():
    first = ask(draft(), ANN, change("bb", "One.", "Do bb."))
    second = ask(first.draft, ANN, change("bb", "Two.", "Do bb."), base=0)

    assert second.draft.step("bb").text == "Two."
    assert [(each.text, each.reason) for each in second.kept] == [("One.", "window")]


def test_the_text_that_a_resolved_conflict_replaces_is_kept_and_so_is_a_dropped_one():
    first = ask(draft(), ANN, change("bb", "Ann's.", "Do bb."))
    mine = ask(first.draft, BEN, change("bb", "Ben's.", "Ann's.", resolves=True), base=0)
    theirs = ask(
        first.draft, BEN, {"kind": "drop", "step": "bb", "field": "text", "value": "Ben's."}
    )

    assert mine.draft.step("bb").text == "Ben's."
    assert [(each.text, each.by) for each in mine.kept] == [("Ann's.", ANN)]
    assert theirs.draft.step("bb").text == "Ann's."
    assert [(each.text, each.by) for each in theirs.kept] == [("Ben's.", BEN)]


def test_a_resolution_of_a_text_that_changed_again_is_a_conflict_again():
    first = ask(draft(), ANN, change("bb", "Ann's.", "Do bb."))
    again = ask(first.draft, ANN, change("bb", "Newer.", "Ann's."))
    mine = ask(again.draft, BEN, change("bb", "Ben's.", "Ann's.", resolves=True), base=0)

    assert mine.conflicts == (Conflict("bb", "text", "Ben's.", "Newer.", ANN),)


def test_steps_are_added_moved_and_deleted_and_keep_their_places_relative_to_one_another():
    done = ask(
        draft(), ANN,
        {"kind": "add_step", "step": "new", "after": "aa", "title": "New", "text": "Do new."},
        {"kind": "move_step", "step": "cc", "after": None, "section": "Start"},
        {"kind": "delete_step", "step": "bb"},
    )  # fmt: skip

    assert texts(done.draft) == [("cc", "Do cc."), ("aa", "Do aa."), ("new", "Do new.")]
    assert done.draft.step("cc").section == "Start"


def test_a_new_step_is_in_the_section_of_the_one_before_it():
    before = draft()
    before = replace(before, steps=tuple(replace(s, section="Start") for s in before.steps))
    done = ask(before, ANN, {"kind": "add_step", "step": "new", "after": "aa"})

    assert done.draft.step("new").section == "Start"


def test_a_step_behind_one_that_was_deleted_meanwhile_stands_where_that_was():
    first = ask(draft(), ANN, {"kind": "delete_step", "step": "bb"})
    second = ask(first.draft, BEN, {"kind": "add_step", "step": "new", "after": "bb"}, base=0)

    assert [step.id for step in second.draft.steps] == ["aa", "new", "cc"]
    assert second.merged == (f"{ANN} deleted a step.",)


def test_deleting_what_somebody_else_just_changed_is_a_conflict_and_resolving_it_keeps_the_text():
    first = ask(draft(), ANN, change("bb", "Ann's.", "Do bb."))
    second = ask(first.draft, BEN, {"kind": "delete_step", "step": "bb"}, base=0)
    third = ask(first.draft, BEN, {"kind": "delete_step", "step": "bb", "resolves": True}, base=0)

    assert second.conflicts == (Conflict("bb", "step", None, "Ann's.", ANN),)
    assert third.draft.step("bb") is None
    assert "Ann's." in [each.text for each in third.kept]


def test_changing_what_somebody_else_deleted_is_a_conflict_that_has_the_text():
    first = ask(draft(), ANN, {"kind": "delete_step", "step": "bb"})
    second = ask(first.draft, BEN, change("bb", "Ben's.", "Do bb."), base=0)

    assert second.conflicts == (Conflict("bb", "step", "Ben's.", None, ANN),)


def test_a_step_that_is_added_twice_with_other_texts_is_a_conflict():
    add = {"kind": "add_step", "step": "new", "after": "aa", "text": "Mine."}
    first = ask(draft(), ANN, add)
    same = ask(first.draft, ANN, add)
    other = ask(first.draft, ANN, {**add, "text": "Other."})

    assert (same.conflicts, same.draft.revision) == ((), 1)
    assert other.conflicts == (Conflict("new", "text", "Other.", "Mine.", ANN),)


def test_a_section_is_renamed_in_all_its_steps():
    before = draft()
    before = replace(before, steps=tuple(replace(s, section="Start") for s in before.steps[:2]))
    done = ask(before, ANN, {"kind": "rename_section", "section": "Start", "value": "Begin"})

    assert [step.section for step in done.draft.steps] == ["Begin", "Begin"]


def test_details_are_texts_and_may_come_as_numbers_and_lists():
    done = ask(
        draft(), ANN,
        {"kind": "set_detail", "field": "minutes", "value": 15, "seen": text_hash("")},
        {"kind": "set_detail", "field": "tags", "value": ["one", "two"], "seen": text_hash("")},
    )  # fmt: skip

    assert (done.draft.details.minutes, done.draft.details.tags) == ("15", "one, two")


def test_hidden_characters_are_cleaned_and_the_stored_text_is_told_and_counts_as_seen():
    sent = "Do\u200b it.\r\nNow."
    first = ask(draft(), ANN, change("bb", sent, "Do bb."))
    second = ask(first.draft, ANN, change("bb", "Go on.", sent))

    assert first.draft.step("bb").text == "Do it.\nNow."
    assert [(each.field, each.value) for each in first.stored] == [("text", "Do it.\nNow.")]
    assert (second.conflicts, second.kept) == ((), ())
    assert second.draft.step("bb").text == "Go on."


def test_a_part_for_the_assistant_in_the_learners_text_is_moved_and_told_once():
    pasted = "Do it.\n\n:::{agent}\nBe kind.\n:::\n\n:::{verify}\nIt runs.\n:::\n"
    first = ask(draft(), ANN, change("bb", pasted, "Do bb."))
    again = ask(first.draft, ANN, change("bb", pasted, pasted))

    for done in (first, again):
        step = done.draft.step("bb")
        assert (step.text, step.assistant, step.check) == ("Do it.", "Be kind.", "It runs.")
        assert len(done.notices) == 2
    assert {each.field for each in first.stored} == {"text", "assistant", "check"}


def test_a_request_that_came_twice_is_applied_once_and_tells_its_conflicts_again():
    first = ask(draft(), ANN, change("bb", "Ann's.", "Do bb."))
    twice = request(change("bb", "Ben's.", "Do bb."), change("cc", "Do it.", "Do cc."))
    second = apply(first.draft, twice, BEN)
    later = ask(second.draft, ANN, change("cc", "Later.", "Do it."))
    third = apply(later.draft, twice, BEN)

    assert third.draft == later.draft
    assert third.conflicts == second.conflicts


def test_a_text_over_the_limit_is_refused_whole_with_its_size():
    with pytest.raises(DraftRefused, match="65,537 characters"):
        request(change("bb", "x" * 65_537, "Do bb."))
    before = replace(draft("aa"), steps=(replace(draft("aa").steps[0], assistant="y" * 65_536),))
    with pytest.raises(DraftRefused, match="65,545 characters"):
        ask(before, ANN, change("aa", ":::{agent}\nBe kind\n:::", "Do aa."))


def test_a_walkthrough_has_at_most_a_thousand_steps():
    full = draft(*(f"s{n}" for n in range(1000)))
    with pytest.raises(DraftRefused, match="1,000 steps"):
        ask(full, ANN, {"kind": "add_step", "step": "new", "after": None})


@pytest.mark.parametrize("data", [
    None, [], "x", {}, {"request_id": "a", "base": 1}, {"request_id": "", "base": 1, "changes": []},
    {"request_id": "a", "base": -1, "changes": []}, {"request_id": "a", "base": True, "changes": []},
    {"request_id": "a", "base": 2**40, "changes": []}, {"request_id": "a", "base": 1, "changes": {}},
    {"request_id": "a", "base": 1, "changes": [{}] * 2001}, {"request_id": "a" * 65, "base": 1, "changes": []},
    {"request_id": "a", "base": 1, "changes": [], "client": "x y"},
    *({"request_id": "a", "base": 1, "changes": [each]} for each in (
        None, {}, {"kind": []}, {"kind": "set_step"}, {"kind": "set_step", "step": "A"},
        {"kind": "set_step", "step": "aa", "field": "id", "value": "x", "seen": "0" * 64},
        {"kind": "set_step", "step": "aa", "field": "__class__", "value": "x", "seen": "0" * 64},
        {"kind": "set_step", "step": "aa", "field": ["text"], "value": "x", "seen": "0" * 64},
        {"kind": "set_step", "step": "aa", "field": "text", "value": 1, "seen": "0" * 64},
        {"kind": "set_step", "step": "aa", "field": "text", "value": "x", "seen": "0"},
        {"kind": "set_step", "step": "aa", "field": "revision", "value": "x", "seen": "0" * 64},
        {"kind": "set_detail", "field": "minutes", "value": 1.5, "seen": "0" * 64},
        {"kind": "set_detail", "field": "tags", "value": [1], "seen": "0" * 64},
        {"kind": "add_step", "step": "../x", "after": None}, {"kind": "add_step", "step": "aa", "after": 1},
        {"kind": "add_step", "step": "aa", "after": None, "text": {}},
        {"kind": "move_step", "step": "aa", "after": None, "section": 1},
        {"kind": "delete_step"}, {"kind": "rename_section", "section": "a"}, {"kind": "drop", "field": "text"},
    )),
])  # fmt: skip
def test_what_is_no_request_is_refused_with_a_sentence(data):
    with pytest.raises(DraftRefused) as error:
        request_from_json(data)
    assert str(error.value).endswith(".")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "aa", "A b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["details", "steps", "id", "title", "marks", "requests"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_a_draft_or_is_refused(data):
    try:
        found = draft_from_json(data, 1, 1)
    except DraftRefused:
        return
    assert draft_from_json(draft_as_json(found), 1, 1) == found


TEXTS = st.sampled_from(["", "One.", "Two.", "a\u200bb", ":::{agent}\nx\n:::", "\ud800"])
STEPS = st.sampled_from(["aa", "bb", "cc", "dd"])
AFTER = st.none() | STEPS
CHANGES = st.one_of(
    st.builds(change, STEPS, TEXTS, TEXTS | st.just("Do aa.")),
    st.builds(lambda s, v: change(s, v, "Aa", "title"), STEPS, TEXTS),
    st.builds(lambda v: change(None, v, "Deploy", "title"), TEXTS),
    st.builds(
        lambda s, a, t: {"kind": "add_step", "step": s, "after": a, "text": t}, STEPS, AFTER, TEXTS
    ),
    st.builds(lambda s, a: {"kind": "move_step", "step": s, "after": a}, STEPS, AFTER),
    st.builds(lambda s: {"kind": "delete_step", "step": s}, STEPS),
    st.builds(lambda v: {"kind": "rename_section", "section": "", "value": v}, TEXTS),
)
REQUESTS = st.lists(
    st.tuples(st.sampled_from([ANN, BEN]), st.lists(CHANGES, max_size=4)), max_size=5
)


@given(REQUESTS)
def test_applying_a_request_twice_is_applying_it_once_and_json_keeps_every_draft(history):
    now = draft()
    for by, changes in history:
        asked = request(*changes)
        once = apply(now, asked, by)
        twice = apply(once.draft, asked, by)
        assert twice.draft == once.draft
        assert once.conflicts or not twice.conflicts
        now = once.draft
        assert draft_from_json(draft_as_json(now), now.base_version, now.revision) == now
        assert len({step.id for step in now.steps}) == len(now.steps)


KEYS = st.sampled_from(
    [(None, name) for name in DETAIL_FIELDS]
    + [(step, name) for step in ("aa", "bb", "cc") for name in STEP_FIELDS if name != "revision"]
)


@given(st.dictionaries(KEYS, st.tuples(st.booleans(), st.sampled_from(["One.", "Two."]))))
def test_what_two_people_write_in_different_fields_does_not_depend_on_who_came_first(wanted):
    start = draft()
    asked = {ANN: [], BEN: []}
    for (step, name), (is_anns, value) in wanted.items():
        owner = start.details if step is None else start.step(step)
        asked[ANN if is_anns else BEN].append(change(step, value, getattr(owner, name), name))
    asked[ANN].append(
        {"kind": "add_step", "step": "n1", "after": "aa", "text": "N1", "section": ""}
    )
    asked[BEN].append(
        {"kind": "add_step", "step": "n2", "after": "cc", "text": "N2", "section": ""}
    )
    ended = []
    for order in ((ANN, BEN), (BEN, ANN)):
        now = start
        for by in order:
            done = ask(now, by, *asked[by], base=0)
            assert done.conflicts == ()
            now = done.draft
        ended.append((now.details, now.steps))

    assert ended[0] == ended[1]
    assert all(
        getattr(ended[0][0] if step is None else now.step(step), name) == value
        for (step, name), (_, value) in wanted.items()
    )


@given(REQUESTS)
def test_no_text_that_was_accepted_goes_away_unless_its_writer_or_who_had_seen_it_replaced_it(
    history,
):
    """A text goes when the one who replaces it names its hash, wrote it, or gets a copy kept."""
    now = draft()
    for by, changes in history:
        asked = request(*changes, base=now.revision)
        done = apply(now, asked, by)
        seen = {each.get("seen") for each in changes}
        deleted = {each["step"] for each in changes if each["kind"] == "delete_step"}
        for step in now.steps:
            after = done.draft.step(step.id)
            if after is not None and after.text != step.text and step.id not in deleted:
                mark = now.marks.get(f"{step.id}.text")
                kept = step.text in [each.text for each in done.kept] or not step.text.strip()
                assert text_hash(step.text) in seen or kept or (mark and mark.by == by)
            assert after is not None or step.id in deleted
        now = done.draft


def test_the_largest_request_for_the_largest_draft_is_applied_soon():
    full = draft(*(f"s{n}" for n in range(1000)))
    adds = [{"kind": "move_step", "step": f"s{n}", "after": f"s{999 - n}"} for n in range(900)]
    sets = [change(f"s{n}", "New.", f"Do s{n}.") for n in range(1000)]
    names = [
        {"kind": "rename_section", "section": str(n) if n else "", "value": str(n + 1)}
        for n in range(50)
    ]
    asked = request(*adds, *sets, *names)
    started = time.process_time()
    done = apply(full, asked, ANN)

    assert done.draft.step("s7").section == "50"
    assert time.process_time() - started < 5  # some 0.4 s on an idle machine
    with pytest.raises(DraftRefused, match="50 sections"):
        request(*names, *names)


def test_a_step_behind_one_that_nobody_knows_goes_to_the_end_or_stays_there():
    for name, order in (("cc", ["aa", "bb", "cc"]), ("aa", ["bb", "cc", "aa"])):
        done = ask(draft(), ANN, {"kind": "move_step", "step": name, "after": "zz"})
        assert [step.id for step in done.draft.steps] == order
