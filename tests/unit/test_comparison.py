"""What differs between two contents, as people would say it."""

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import content, step
from walkthroughs.content.comparison import Comparison, compare_contents

NAMES = st.lists(st.sampled_from("abcdefg"), unique=True, min_size=1)


def test_equal_contents_differ_in_nothing():
    assert compare_contents(content(), content()) == Comparison()
    assert Comparison().summary == ""


def test_a_step_that_moved_is_moved_and_not_removed_and_added():
    found = compare_contents(content("a", "b", "c", "d"), content("d", "a", "b", "c"))

    assert [(each.step, each.kind, each.is_moved, each.earlier_place, each.place) for each in found.steps] == [
        ("d", "changed", True, 4, 1)
    ]  # fmt: skip
    assert found.summary == "1 step moved"


def test_everything_that_differs_is_told():
    old = content("a", "b", "c", description="Old.")
    new = content(
        steps=(step("a", title="A", section="Start", verify="It runs."), step("x"), step("c", revision=2)),
        title="Deploy it", tags=("t",), estimated_minutes=5,
    )  # fmt: skip
    found = compare_contents(old, new)

    assert [each.field for each in found.details] == ["title", "description", "minutes", "tags"]
    assert [(each.step, each.kind, [text.field for text in each.texts], each.is_again) for each in found.steps] == [
        ("a", "changed", ["section", "check"], False),
        ("x", "added", ["title", "text"], False),
        ("c", "changed", [], True),
        ("b", "removed", ["title", "text"], False),
    ]  # fmt: skip
    assert found.summary == (
        "1 step added, 1 step removed, 2 texts changed, 4 details changed, 1 step to do again"
    )


@given(NAMES, NAMES)
def test_a_comparison_tells_exactly_what_makes_one_of_the_other(old, new):
    found = compare_contents(content(*old), content(*new))

    kinds = {
        kind: {each.step for each in found.steps if each.kind == kind}
        for kind in ("added", "removed")
    }
    assert kinds == {"added": set(new) - set(old), "removed": set(old) - set(new)}
    moved = {each.step for each in found.steps if each.is_moved}
    stay = [name for name in old if name in new and name not in moved]
    assert stay == [name for name in new if name in old and name not in moved]
    assert bool(found.steps) == (old != new)
