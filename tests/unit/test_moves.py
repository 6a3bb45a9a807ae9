"""What a step was called before, where the database may not have seen its last name."""

import time

from sync.format.move_chains import with_earlier_names
from tests.builders import content
from walkthroughs.content.values import Move, Outline


def earlier(*contents):
    """The earlier names of the first record of the first walkthrough."""
    return with_earlier_names([each.outline() for each in contents])[0].moved[0].earlier_names


def test_a_step_that_was_renamed_before_it_moved_is_found_by_its_older_ids():
    taking = content("z1", id="cc", moved=(Move("b1", "z1", "aa"),))
    giving = content("x1", id="aa", moved=(Move("a1", "a2"), Move("a2", "b1")))

    assert earlier(taking, giving) == (("aa", "a2"), ("aa", "a1"))


def test_a_step_that_passed_through_a_walkthrough_is_found_where_it_began():
    taking = content("z1", id="cc", moved=(Move("y1", "z1", "bb"),))
    between = content("x1", id="bb", moved=(Move("a2", "y1", "aa"),))
    giving = content("x1", id="aa", moved=(Move("a1", "a2"),))

    assert earlier(taking, between, giving) == (("aa", "a2"), ("aa", "a1"))


def test_an_id_that_is_still_there_is_another_step():
    taking = content("z1", id="cc", moved=(Move("b1", "z1", "aa"),))
    giving = content("a1", id="aa", moved=(Move("a1", "b1"),))

    assert earlier(taking, giving) == ()


def test_there_and_back_again_ends():
    one = content("x1", id="aa", moved=(Move("y1", "x1", "bb"), Move("x0", "x1")))
    two = content("z1", id="bb", moved=(Move("x1", "y1", "aa"), Move("x0", "y1", "aa")))

    assert earlier(one, two) == (("aa", "x0"),)


def test_nothing_is_known_of_a_walkthrough_that_was_not_read():
    assert earlier(content("z1", id="cc", moved=(Move("b1", "z1", "aa"),))) == ()


def test_records_that_lead_to_and_fro_for_ever_are_followed_so_far_and_in_time():
    size = 400
    there = tuple(Move(f"s{n}", f"s{n}", "wb") for n in range(size))
    back = tuple(Move(f"s{n + 1}", f"s{n}", "wa") for n in range(size))
    began = time.process_time()
    found = with_earlier_names([Outline("wa", "", "", (), there), Outline("wb", "", "", (), back)])

    assert time.process_time() - began < 1
    assert all(len(move.earlier_names) <= 16 for each in found for move in each.moved)


def test_of_a_long_history_the_sixteen_newest_names_are_known():
    renames = tuple(Move(f"a{n}", f"a{n + 1}") for n in range(30))
    taking = content("z1", id="cc", moved=(Move("a30", "z1", "aa"),))
    giving = content("x1", id="aa", moved=renames)

    assert earlier(taking, giving) == tuple(("aa", f"a{n}") for n in range(29, 13, -1))


def test_a_rename_within_a_walkthrough_has_no_earlier_names_of_its_own():
    taking = content("z2", id="cc", moved=(Move("b1", "z1", "aa"), Move("z0", "z2")))
    within = with_earlier_names([taking.outline()])[0].moved[1]

    assert (within.walkthrough, within.earlier_names) == (None, ())
