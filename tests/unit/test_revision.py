from hypothesis import given
from hypothesis import strategies as st

from tests.builders import content, step
from walkthroughs.content import revision
from walkthroughs.content.revision import Level
from walkthroughs.content.values import Move


def compare(old, new):
    return revision.compare(old and old.outline(), new.outline())


ORDERS = st.lists(st.sampled_from("abcdef"), unique=True, min_size=1).map(lambda o: content(*o))


def test_words_are_a_text_change():
    changed = content(steps=(step("one", content="New."), step("two"), step("three")))

    assert compare(content(), changed).level is Level.TEXT


def test_adding_removing_and_reordering_are_changes_of_structure():
    assert compare(content("a"), content("a", "b")).summary == '1 step added ("B").'
    assert compare(content("a", "b"), content("b")).summary == '1 step removed ("A").'
    assert compare(content("a", "b"), content("b", "a")).summary == "Steps reordered."
    assert compare(content("a", "b"), content("b", "a")).level is Level.STRUCTURE


def test_a_new_section_is_a_change_of_structure():
    changed = content(steps=(step("one", section="Start"), step("two"), step("three")))

    assert compare(content(), changed).level is Level.STRUCTURE


def test_a_renamed_id_is_the_same_step():
    renamed = content("uno", "two", moved=(Move("one", "uno"),))

    assert compare(content("one", "two"), renamed).level is Level.TEXT


def test_a_chain_of_renames_is_followed():
    renamed = content("c", moved=(Move("a", "b"), Move("b", "c")))

    assert compare(content("a"), renamed).level is Level.TEXT


def test_a_step_from_another_walkthrough_is_an_added_one():
    moved = content("one", "uno", moved=(Move("two", "uno", "other"),))

    assert compare(content("one", "two"), moved).summary == (
        '1 step added ("Uno"), 1 step removed ("Two").'
    )
    assert compare(content("one"), moved).level is Level.STRUCTURE


def test_a_raised_revision_outranks_everything():
    changed = content(steps=(step("one", revision=2), step("new")))

    assert compare(content("one"), changed).level is Level.REDO


def test_the_first_version_says_how_many_steps():
    assert compare(None, content("a", "b")).summary == "First version, 2 steps."


@given(ORDERS)
def test_nothing_differs_from_itself(same):
    assert compare(same, same).level is None


@given(ORDERS, ORDERS)
def test_there_is_a_level_exactly_when_digests_differ(old, new):
    assert (compare(old, new).level is None) == (old.digest() == new.digest())


def test_more_than_one_step_is_counted_and_a_record_of_a_step_that_is_gone_changes_no_id():
    old, new = content("one").outline(), content("one", "two", "three").outline()
    assert revision.compare(old, new).summary == "2 steps added."
    gone = content("one", moved=(Move("old", "gone"),))
    assert revision.current_ids(gone.outline())("old") == "old"
