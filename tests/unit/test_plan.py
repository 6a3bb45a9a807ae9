"""The planner, case by case, and its law: after an apply there is nothing to do."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.format.parse_result import ParseResult, WantedWalkthrough
from sync.planning.plan import Archive, ChangeKind, Create, Live, Update, diff, fingerprint
from sync.planning.report import describe
from tests.builders import content
from walkthroughs.content.revision import Level

NAMES = st.sampled_from(["aa", "bb", "cc"])
OUTLINES = st.builds(
    lambda name, steps: content(*steps, id=name).outline(),
    NAMES,
    st.lists(st.sampled_from("xyz"), unique=True, min_size=1),
)
SERVERS = st.sets(st.sampled_from(["acme", "other"]))
#: Prints the fingerprint of a plan that makes, changes and archives walkthroughs.
PRINT_FINGERPRINT = """
from sync.format.parse_result import ParseResult, WantedWalkthrough
from sync.planning.plan import Live, diff, fingerprint
from walkthroughs.content.values import StepContent, WalkthroughContent

def outline(number, *names):
    steps = tuple(StepContent(name, name, name) for name in names)
    return WalkthroughContent(f"w{number}", "W", steps=steps, tags=("x", "y", "z")).outline()

wanted = [WantedWalkthrough(outline(n, "a", "b"), True, ("s1", "s2", "s3")) for n in range(8)]
servers = frozenset({"s1", "s4"})
live = [Live(f"wt_{n}", outline(n, "a"), 1, True, False, servers) for n in range(4, 12)]
changes = diff(ParseResult(tuple(wanted), (), frozenset(), True), live)
print(len(changes), fingerprint("c0ffee", changes))
"""
WANTED = st.lists(
    st.builds(WantedWalkthrough, OUTLINES, st.booleans(), SERVERS.map(tuple)),
    unique_by=lambda each: each.outline.id,
)
LIVE = st.lists(
    st.builds(
        Live,
        st.just("wt"),
        OUTLINES,
        st.integers(1, 9),
        st.booleans(),
        st.booleans(),
        SERVERS.map(frozenset),
    ),
    unique_by=lambda row: row.outline.id,
)


def parsed(*wanted, unreadable=(), complete=True):
    return ParseResult(tuple(wanted), (), frozenset(unreadable), complete)


def live(wanted, *, published=True, archived=False):
    return Live("wt_1", wanted.outline(), 3, published, archived)


def shown(wanted):
    return WantedWalkthrough(wanted.outline(), is_published=True)


def test_a_new_walkthrough_is_created():
    assert diff(parsed(shown(content())), []) == (Create(shown(content())),)


def test_an_unchanged_one_is_left_alone():
    assert diff(parsed(shown(content())), [live(content())]) == ()


def test_a_change_says_its_level_and_the_next_version():
    (change,) = diff(parsed(shown(content("one", "two"))), [live(content("one"))])

    assert isinstance(change, Update)
    assert change.level is Level.STRUCTURE
    assert describe(change) == 'update   deploy  3 -> 4  1 step added ("Two").'


def test_a_draft_is_hidden_without_a_version():
    (change,) = diff(
        parsed(WantedWalkthrough(content().outline(), is_published=False)), [live(content())]
    )

    assert isinstance(change, Update)
    assert change.level is None


def test_what_left_is_archived_once_and_comes_back():
    gone = live(content())

    assert diff(parsed(), [gone]) == (Archive(gone),)
    assert diff(parsed(), [live(content(), archived=True)]) == ()
    assert len(diff(parsed(shown(content())), [live(content(), archived=True)])) == 1


def test_what_cannot_be_read_stays_as_it_is():
    assert diff(parsed(unreadable=["deploy"]), [live(content())]) == ()
    assert diff(parsed(complete=False), [live(content())]) == ()


def test_a_server_that_is_named_is_an_assignment_without_a_version():
    named = WantedWalkthrough(content().outline(), is_published=True, servers=("acme", "other"))
    there = replace(live(content()), servers=frozenset({"acme"}))
    (change,) = diff(parsed(named), [there])

    assert (change.level, change.new_servers) == (None, ("other",))
    assert describe(change) == "assign   deploy  (to other)"


@given(WANTED, LIVE, st.sets(NAMES), st.booleans())
def test_after_an_apply_there_is_nothing_to_do(each, rows, unreadable, complete):
    wanted = parsed(*each, unreadable=unreadable, complete=complete)
    after = {row.outline.id: row for row in rows}
    for change in diff(wanted, rows):
        match change:
            case Create(made):
                row = Live("wt", made.outline, 1, made.is_published)
                after[made.outline.id] = replace(row, servers=frozenset(made.servers))
            case Update(row, made):
                servers = row.servers | set(change.new_servers)
                after[row.outline.id] = Live(
                    "wt", made.outline, 1, made.is_published, False, servers
                )
            case Archive(row):
                after[row.outline.id] = replace(row, is_archived=True)

    assert diff(wanted, after.values()) == ()


def test_a_plan_has_the_same_fingerprint_in_every_process():
    def printed(hash_seed):
        return subprocess.run(
            [sys.executable, "-c", PRINT_FINGERPRINT],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()

    first, second = printed("1"), printed("2")

    assert first == second
    assert first[0] == "12"


@pytest.mark.parametrize(
    ("published", "archived", "wants_published", "steps", "kind"),
    [
        (True, False, True, ("one", "two"), ChangeKind.STRUCTURE),
        (True, False, False, ("one", "two"), ChangeKind.STRUCTURE),
        (True, False, False, ("one",), ChangeKind.SHOW),
        (False, False, True, ("one",), ChangeKind.SHOW),
        (True, True, True, ("one",), ChangeKind.SHOW),
        (False, True, True, ("one",), ChangeKind.SHOW),
        (True, False, True, ("one",), ChangeKind.ASSIGN),
        (False, False, False, ("one",), ChangeKind.ASSIGN),
    ],
)
def test_an_update_is_known_by_the_most_that_it_does(
    published, archived, wants_published, steps, kind
):
    row = Live("wt", content("one").outline(), 1, published, archived, frozenset())
    wanted = WantedWalkthrough(content(*steps).outline(), wants_published, ("acme",))
    (change,) = diff(parsed(wanted), [row])

    assert change.kind is kind


def test_a_fingerprint_can_be_typed():
    assert len(fingerprint("c0ffee", ())) == 16
