"""Words of the dashboard that are made of values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.formats import ago, name_of
from admin.pages.walkthroughs.filter import SORTS, Wanted
from admin.states import State, state_words

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (-5 * _DAY, "just now"),  # another machine's clock
        (59_999, "just now"),
        (_MINUTE, "1 min ago"),
        (_HOUR - 1, "59 min ago"),
        (_HOUR, "1 h ago"),
        (2 * _DAY - 1, "47 h ago"),
        (2 * _DAY, "2 days ago"),
        (60 * _DAY, "2 months ago"),
        (2 * 365 * _DAY, "2 years ago"),
    ],
)
def test_a_time_is_told_by_how_long_ago_it_was(passed, words):
    assert ago(1_000_000_000_000 - passed, 1_000_000_000_000) == words


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("Ann <ann@acme.example>", "Ann"),
        ("ann@acme.example", "ann@acme.example"),
        ("<ann@acme.example>", "<ann@acme.example>"),
        (" <ann@acme.example>", " <ann@acme.example>"),
        (None, None),
    ],
)
def test_an_author_is_told_by_name(author, name):
    assert name_of(author) == name


def test_a_badge_names_the_state_and_the_version_that_learners_see():
    assert state_words(State.LIVE, 4) == "Live v4"
    assert state_words(State.LIVE, 4, has_changes=True) == "Live v4 + changes"
    assert state_words(State.DRAFT, 0, has_changes=True) == "Draft"
    assert [state_words(state, 4) for state in (State.HIDDEN, State.ARCHIVED)] == [
        "Hidden",
        "Archived",
    ]


@given(
    st.dictionaries(
        st.sampled_from(["q", "state", "server", "source", "tag", "sort", "page", "x"]),
        st.one_of(st.text(max_size=30), st.sampled_from(["live", "title", "7", "-1", "٣", "0"])),
    )
)
def test_any_address_asks_for_a_list_and_what_it_asks_makes_the_same_address(args):
    wanted = Wanted.parse(args)
    again = {name: str(value) for name, value in wanted.query(page=wanted.page).items()}
    assert Wanted.parse(again) == wanted
    assert wanted.sort in SORTS
    assert 1 <= wanted.page <= 10_000


def test_a_changed_filter_begins_at_the_first_page():
    assert Wanted(words="x", page=3).query(state=State.LIVE) == {"q": "x", "state": "live"}
