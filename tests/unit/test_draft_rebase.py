"""A draft on a newer version: what one side changed is taken, what both did is a conflict."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.drafts import draft, texts
from walkthroughs.content.draft import DraftStep, fields_of, mark_key, short_hash
from walkthroughs.content.draft_outcome import Conflict
from walkthroughs.content.draft_rebase import rebase

BEN = "ben@acme.example"
IDS = st.lists(st.sampled_from(["aa", "bb", "cc", "dd"]), unique=True)
VALUES = st.sampled_from(["", "One.", "Two."])


def written(names, values):
    steps = tuple(DraftStep(name, title=values[0], text=values[1]) for name in names)
    return replace(draft(), steps=steps, base_version=1)


DRAFTS = st.builds(written, IDS, st.tuples(VALUES, VALUES))


def test_both_sides_are_merged_by_steps_and_fields():
    base = draft()
    mine = replace(
        base, steps=(DraftStep("new", "New"), replace(base.steps[0], text="Mine."), *base.steps[1:])
    )
    live = replace(
        base,
        steps=(replace(base.steps[0], title="Theirs"), base.steps[2], DraftStep("xx", "Xx")),
        base_version=2,
    )
    found = rebase(mine, base, live, BEN)

    assert texts(found.draft) == [("new", ""), ("aa", "Mine."), ("cc", "Do cc."), ("xx", "")]
    assert found.draft.step("aa").title == "Theirs"
    assert found.conflicts == ()
    assert found.merged == ("Changed: the title of “Aa”.", "Deleted: “Bb”.", "Added: “Xx”.")
    assert (found.draft.base_version, found.draft.revision) == (2, 1)


def test_what_both_changed_stays_as_the_draft_has_it_and_is_told():
    base = draft()
    mine = replace(base, steps=(replace(base.steps[0], text="Mine."), base.steps[1]))
    live = replace(
        base,
        steps=(replace(base.steps[0], text="Theirs."), replace(base.steps[2], text="New.")),
        base_version=2,
    )
    found = rebase(mine, base, live, BEN)

    assert texts(found.draft) == [("aa", "Mine.")]
    assert found.conflicts == (
        Conflict("aa", "text", "Mine.", "Theirs.", BEN), Conflict("cc", "step", None, "New.", BEN),
    )  # fmt: skip


def test_what_did_not_change_is_no_revision_and_what_came_from_there_is_marked_as_theirs():
    base = draft()
    mine = replace(base, revision=4, steps=(*base.steps[:2], DraftStep("new", "New")))
    same = rebase(mine, base, replace(base, base_version=2), BEN)
    assert (same.draft.revision, same.draft.marks) == (4, mine.marks)
    assert (same.merged, same.conflicts) == ((), ()), "what is deleted here was as it was there"
    assert same.draft.steps == mine.steps

    first, second, third = base.steps
    live = replace(base, base_version=2, steps=(second, replace(first, title="Theirs"), third))
    found = rebase(mine, base, live, BEN)
    assert found.draft.revision == 5
    mark = found.draft.marks[mark_key(first.id, "title")]
    assert (mark.revision, mark.by, mark.before) == (5, BEN, short_hash(first.title))
    assert [step.id for step in found.draft.steps] == ["bb", "new", "aa"], "in their order"
    details = replace(base.details, title="Theirs")
    found = rebase(mine, base, replace(base, base_version=2, details=details), BEN)
    assert (found.draft.revision, found.draft.details.title) == (5, "Theirs")


def changes(value, base):
    """What *value* changed of *base*: (step, field, text)."""
    before = {(step, name): text for step, name, text in fields_of(base)}
    return [each for each in fields_of(value) if before.get(each[:2]) != each[2]]


@given(DRAFTS, DRAFTS, DRAFTS)
def test_nothing_that_one_side_changed_is_lost_without_a_conflict(base, mine, live):
    found = rebase(mine, base, replace(live, base_version=2), BEN)
    told = {(each.step, each.field) for each in found.conflicts}
    after = set(fields_of(found.draft))

    def is_nothing(step, text):
        """An empty field of a step that both made is no text."""
        return not text and step is not None and base.step(step) is None

    for step, name, text in changes(mine, base):
        assert (step, name, text) in after or is_nothing(step, text)
    for step, name, text in changes(live, base):
        is_gone = step is not None and base.step(step) is not None and mine.step(step) is None
        is_told = (step, "step" if is_gone else name) in told
        assert (step, name, text) in after or is_told or is_nothing(step, text)
    assert len({step.id for step in found.draft.steps}) == len(found.draft.steps)


@given(DRAFTS, DRAFTS)
def test_a_draft_on_what_did_not_change_stays_and_one_without_changes_becomes_what_is_live(
    base, other
):
    assert texts(rebase(other, base, replace(base, base_version=2)).draft) == texts(other)
    assert texts(rebase(base, base, replace(other, base_version=2)).draft) == texts(other)
