"""A step that goes while another comes in its place is probably the same one."""

import pytest

from sync.format.parse_result import WantedWalkthrough
from sync.planning.plan import Create, Live, Update
from sync.planning.renames import probable_renames
from tests.builders import content, step
from walkthroughs.content.revision import Level
from walkthroughs.content.values import Move


def update(before, after, **fields):
    old = content(
        steps=tuple(step(*each) if isinstance(each, tuple) else step(each) for each in before)
    )
    new = content(
        steps=tuple(step(each) if isinstance(each, str) else each for each in after), **fields
    )
    live = Live("wt_1", old.outline(), 1, is_published=True)
    return Update(live, WantedWalkthrough(new.outline()), Level.STRUCTURE, "")


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        (("a", "b", "c"), ("a", "x", "c"), ["- {from: b, to: x}"]),
        (("a", "b"), ("x", "b"), ["- {from: a, to: x}"]),
        (("a", "b"), ("a", step("x", title="B")), ["- {from: b, to: x}"]),
        (("a", "b", "c"), ("a", step("x", title="b"), "y", "c"), ["- {from: b, to: x}"]),
        (("a", "b", "c"), ("a", "x", "y", "c"), []),
        (("a", "b", "c"), ("a", "c"), []),
        (("a",), ("a", "x"), []),
        (("a", "b", "c"), ("c", "x", "a"), []),
    ],
)
def test_a_pair_is_one_title_or_one_place_between_the_same_neighbours(before, after, pairs):
    told = probable_renames([update(before, after)])

    assert [line.split("`moved:`: ")[1] for line in told] == pairs


def test_what_is_recorded_is_not_told():
    assert probable_renames([update(("a", "b"), ("a", "x"), moved=(Move("b", "x"),))]) == ()


def test_a_new_walkthrough_has_no_renames():
    assert probable_renames([Create(WantedWalkthrough(content().outline()))]) == ()


def test_a_step_that_another_walkthrough_takes_or_gives_is_no_rename():
    gives = update(("a", "b"), ("a", "x"))
    takes = update(("c",), ("c", "b"), id="other", moved=(Move("b", "b", "deploy"),))

    assert probable_renames([gives, takes]) == ()
