"""Which changes of a plan are written together: those that exchange steps."""

from hypothesis import given
from hypothesis import strategies as st

from sync.format.parse_result import WantedWalkthrough
from sync.planning.plan import Archive, Create, Live, Update, group_by_moves
from tests.builders import content
from walkthroughs.content.revision import Level
from walkthroughs.content.values import Move


def outline(name, *takes_from):
    moved = tuple(Move(f"from-{other}", "one", other) for other in takes_from)
    return content("one", id=name, moved=(*moved, Move("uno", "one"))).outline()


def created(name, *takes_from):
    return Create(WantedWalkthrough(outline(name, *takes_from)))


def live(name):
    return Live(f"wt_{name}", outline(name), 1, True, False, frozenset())


def names(changes):
    return [
        [(each.live if isinstance(each, Archive) else each.wanted).outline.id for each in group]
        for group in group_by_moves(changes)
    ]


def test_a_change_that_takes_no_step_from_another_one_is_a_group_of_its_own():
    assert names([created("a"), Archive(live("b")), created("c", "is-not-changed")]) == [
        ["a"], ["b"], ["c"],
    ]  # fmt: skip


def test_who_takes_a_step_is_written_with_who_gives_it_also_when_that_is_archived():
    taken = Update(live("b"), WantedWalkthrough(outline("b", "gone")), Level.STRUCTURE, "")

    assert names([created("a"), taken, Archive(live("gone"))]) == [["a"], ["b", "gone"]]


def test_groups_that_share_a_change_are_one_and_earlier_names_count():
    way = Move("x", "one", "b", earlier_names=(("d", "y"),))
    through = Create(WantedWalkthrough(content("one", id="c", moved=(way,)).outline()))

    (group,) = names([created("a", "b"), created("b"), through, Archive(live("d"))])
    assert sorted(group) == ["a", "b", "c", "d"]
    assert names([created("a", "a")]) == [["a"]]


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=2)))
def test_each_change_is_in_one_group_and_groups_exchange_nothing(takes):
    groups = names([created(name, *others) for name, others in takes.items()])

    assert sorted(name for group in groups for name in group) == sorted(takes)
    linked = [
        {name, *(other for other in others if other in takes)} for name, others in takes.items()
    ]
    for group in groups:
        assert all(each <= set(group) or not each & set(group) for each in linked)
        reached = {group[0]}
        while more := {name for each in linked if each & reached for name in each} - reached:
            reached |= more
        assert reached == set(group)
