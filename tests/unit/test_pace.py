"""A step that was just shown cannot be completed, and nobody waits longer than the pace."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from walkthroughs.learning.pace import hurried_notice, is_hurried, restamped

moments = st.integers(0, 2**42)
paces = st.integers(0, 120)


@pytest.mark.parametrize(
    ("elapsed", "pace", "hurried"),
    [(0, 5, True), (4_999, 5, True), (5_000, 5, False), (0, 0, False), (10**9, 120, False)],
)
def test_a_call_is_held_back_until_the_pace_is_over(elapsed, pace, hurried):
    assert is_hurried(1_000_000, 1_000_000 + elapsed, pace) is hurried


@given(
    now=moments,
    ahead=st.integers(-120_000, 120_000),
    pace=st.integers(60, 120),
    later=st.integers(0, 10**9),
)
@example(now=1_000_000, ahead=4_000, pace=5, later=0)  # the clock was set back
def test_however_the_clock_was_set_nobody_waits_longer_than_the_pace(now, ahead, pace, later):
    shown_at = now + ahead
    assume(is_hurried(shown_at, now, pace))
    kept = restamped(shown_at, now)

    assert not is_hurried(kept, now + pace * 1000 + later, pace)


@given(shown_at=moments, now=moments)
def test_no_pace_holds_nobody_back(shown_at, now):
    assert not is_hurried(shown_at, now, 0)


@pytest.mark.parametrize(
    ("elapsed", "says"), [(0, "0 seconds ago"), (1_999, "1 second ago"), (-500, "0 seconds ago")]
)
def test_the_notice_says_how_long_ago_the_step_was_shown(elapsed, says):
    assert says in hurried_notice(1_000_000, 1_000_000 + elapsed)
