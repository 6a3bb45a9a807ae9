"""What a plan may not do by itself, and what it tells about learners."""

import pytest

from sync.format.parse_result import WantedWalkthrough
from sync.planning.approval import Risk, approval_reasons
from sync.planning.impact import learner_impact
from sync.planning.plan import Archive, Create, Live, Update, fingerprint
from tests.builders import content
from walkthroughs.content.revision import compare
from walkthroughs.content.values import Move


def live(name, *steps):
    return Live(
        f"wt_{name}", content(*steps, id=name, title=name.title()).outline(), 3, is_published=True
    )


def update(old, new):
    wanted = WantedWalkthrough(new.outline(), is_published=True)
    revision = compare(old.outline, wanted.outline)
    return Update(old, wanted, revision.level, revision.summary)


def archives(number):
    return [Archive(live(f"w{n}")) for n in range(number)]


@pytest.mark.parametrize(
    ("gone", "of", "waits"),
    [
        (1, 2, False),
        (3, 4, False),
        (4, 5, True),
        (4, 20, False),
        (5, 24, True),
        (5, 25, False),
        (1, 1, True),
        (9, 9, True),
    ],
)
def test_more_than_three_and_a_fifth_at_once_wait_and_so_do_all(gone, of, waits):
    assert bool(approval_reasons(archives(gone), Risk(live=of))) == waits


def test_a_walkthrough_that_somebody_follows_waits():
    (said,) = approval_reasons([Archive(live("deploy"))], Risk(live=9, active={"wt_deploy": 2}))

    assert said == 'it archives "Deploy", where 2 learners were active in the last 14 days'


def test_text_changes_never_wait():
    change = update(live("deploy", "one"), content("one", "two"))

    assert approval_reasons([change], Risk(live=1, active={"wt_deploy": 9})) == ()


def test_a_rewritten_branch_waits_even_with_nothing_to_archive():
    assert "rewritten" in approval_reasons([], Risk(live=3, rewritten=True))[0]


def test_a_fingerprint_names_one_plan():
    one, two = live("deploy", "one"), content("one", "two")
    plans = [
        ("c1", [update(one, two)]),
        ("c2", [update(one, two)]),
        ("c1", [update(one, content("two", "one"))]),
        ("c1", [Create(WantedWalkthrough(two.outline()))]),
        ("c1", [Create(WantedWalkthrough(two.outline(), is_published=True))]),
        ("c1", [Archive(one)]),
        ("c1", []),
    ]

    assert len({fingerprint(*each) for each in plans}) == len(plans)
    assert fingerprint(*plans[0]) == fingerprint(*plans[0])


def test_learners_on_a_step_that_goes_away_are_told_of_with_where_they_continue():
    change = update(live("deploy", "install", "login", "create"), content("install", "create"))

    assert learner_impact([change], {"wt_deploy": {"login": 3, "install": 5}}) == (
        "3 learners are on step 'login', which goes away; they continue at 'create'",
    )


def test_a_renamed_step_goes_nowhere():
    old, new = (
        live("deploy", "sign-in", "run"),
        content("login", "run", moved=(Move("sign-in", "login"),)),
    )

    assert learner_impact([update(old, new)], {"wt_deploy": {"sign-in": 1}}) == ()


def test_a_step_that_another_walkthrough_takes_moves_there():
    giving = update(live("deploy", "install", "login", "create"), content("install", "create"))
    record = (Move("login", "sign-in", "deploy"),)
    taking = update(live("other", "one"), content("one", "sign-in", id="other", moved=record))
    new = Create(WantedWalkthrough(content("sign-in", id="new", moved=record).outline()))
    places = {"wt_deploy": {"login": 1}}

    for changes, taker in (([giving, taking], "other"), ([new, giving], "new")):
        assert learner_impact(iter(changes), places) == (
            f"1 learner is on step 'login', which moves to '{taker}'; they continue at 'create'",
        )


@pytest.mark.parametrize(
    "record",
    [
        pytest.param((), id="no record"),
        pytest.param((Move("login", "sign-in"),), id="a rename of its own"),
        pytest.param((Move("login", "sign-in", "third"),), id="from another one"),
        pytest.param((Move("login", "elsewhere", "deploy"),), id="to a step that is not there"),
    ],
)
def test_a_step_that_nobody_takes_goes_away(record):
    giving = update(live("deploy", "login", "create"), content("create"))
    other = update(live("other", "one"), content("one", "sign-in", id="other", moved=record))
    (line,) = learner_impact([giving, other], {"wt_deploy": {"login": 1}})

    assert "which goes away" in line


def test_learners_behind_the_last_survivor_begin_again_at_the_first_open_step():
    change = update(live("deploy", "aa", "bb"), content("aa"))

    assert learner_impact([change], {"wt_deploy": {"bb": 1}}) == (
        "1 learner is on step 'bb', which goes away; they continue at 'aa'",
    )


def test_learners_of_an_archived_walkthrough_are_told_of():
    assert learner_impact([Archive(live("deploy"))], {"wt_deploy": {"one": 2}}) == (
        "2 learners are in the middle of 'deploy', which goes away; their progress is kept",
    )


def test_what_nobody_stands_on_is_not_told_of():
    assert learner_impact([Archive(live("aa", "a1"))], {"wt_aa": {"a1": 0}}) == ()
    assert learner_impact([update(live("aa", "a1", "a2"), content("a2", id="aa"))], {}) == ()


def test_a_number_of_walkthroughs_and_of_learners_is_said_with_words_that_fit():
    one = [Archive(live("aa"))]

    assert approval_reasons(one, Risk(1, {"wt_aa": 1})) == (
        "it archives all 1 walkthrough",
        'it archives "Aa", where 1 learner was active in the last 14 days',
    )
    assert approval_reasons(archives(3), Risk(3, {"wt_w1": 2}))[1] == (
        'it archives "W1", where 2 learners were active in the last 14 days'
    )
