"""The planner, case by case, and its law: after an apply there is nothing to do."""

from hypothesis import given
from hypothesis import strategies as st

from sync.parse import Parsed
from sync.plan import Archive, Create, Live, Update, describe, plan
from tests.builders import content
from walkthroughs.content import Authored
from walkthroughs.revision import Level

NAMES = st.sampled_from(["aa", "bb", "cc"])
CONTENTS = st.builds(
    lambda name, steps: content(*steps, id=name),
    NAMES,
    st.lists(st.sampled_from("xyz"), unique=True, min_size=1),
)
AUTHORED = st.lists(st.builds(Authored, CONTENTS, st.booleans()), unique_by=lambda a: a.content.id)
LIVE = st.lists(
    st.builds(Live, st.just("wt"), CONTENTS, st.integers(1, 9), st.booleans(), st.booleans()),
    unique_by=lambda row: row.content.id,
)


def parsed(*authored, unreadable=(), complete=True):
    return Parsed(tuple(authored), (), frozenset(unreadable), complete)


def live(wanted, *, published=True, archived=False):
    return Live("wt_1", wanted, 3, published, archived)


def shown(wanted):
    return Authored(wanted, is_published=True)


def test_a_new_walkthrough_is_created():
    assert plan(parsed(shown(content())), []) == (Create(shown(content())),)


def test_an_unchanged_one_is_left_alone():
    assert plan(parsed(shown(content())), [live(content())]) == ()


def test_a_change_says_its_level_and_the_next_version():
    (change,) = plan(parsed(shown(content("one", "two"))), [live(content("one"))])

    assert isinstance(change, Update)
    assert change.level is Level.STRUCTURE
    assert describe(change) == 'update   deploy  3 -> 4  1 step added ("Two").'


def test_a_draft_is_hidden_without_a_version():
    (change,) = plan(parsed(Authored(content(), is_published=False)), [live(content())])

    assert isinstance(change, Update)
    assert change.level is None


def test_what_left_is_archived_once_and_comes_back():
    gone = live(content())

    assert plan(parsed(), [gone]) == (Archive(gone),)
    assert plan(parsed(), [live(content(), archived=True)]) == ()
    assert len(plan(parsed(shown(content())), [live(content(), archived=True)])) == 1


def test_what_cannot_be_read_stays_as_it_is():
    assert plan(parsed(unreadable=["deploy"]), [live(content())]) == ()
    assert plan(parsed(complete=False), [live(content())]) == ()


@given(AUTHORED, LIVE, st.sets(NAMES), st.booleans())
def test_after_an_apply_there_is_nothing_to_do(authored, rows, unreadable, complete):
    wanted = parsed(*authored, unreadable=unreadable, complete=complete)
    after = {row.content.id: row for row in rows}
    for change in plan(wanted, rows):
        match change:
            case Create(made):
                after[made.content.id] = Live("wt", made.content, 1, made.is_published)
            case Update(row, made):
                after[row.content.id] = Live("wt", made.content, 1, made.is_published)
            case Archive(row):
                after[row.content.id] = Live("wt", row.content, 1, row.is_published, True)

    assert plan(wanted, after.values()) == ()
