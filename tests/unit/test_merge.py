"""Two places of one person become one: nothing completed is lost, nobody is put back."""

from hypothesis import given
from hypothesis import strategies as st

from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.merge import Place, merge_places, place_index
from walkthroughs.learning.position import StepRef, completed_before_move

NOW = 1_000
NAMES = "abcdefgh"
LETTERS = st.sampled_from(NAMES)
ORDERS = st.lists(LETTERS, unique=True, max_size=8)
SETS = st.sets(LETTERS, max_size=3)
STATES = st.sampled_from(ProgressStatus)
TIMES = st.integers(1, 900)


def step_refs(names, moved=()):
    """Steps by their names; those in *moved* were x_<name> elsewhere before."""
    return tuple(
        StepRef(f"ws_{name}", name, frozenset({f"x_{name}"} if name in moved else ()))
        for name in names
    )


def place(current, done="", **fields):
    completed = tuple(f"ws_{name}" for name in done)
    given_ = {
        "current": f"ws_{current}",
        "status": ProgressStatus.IN_PROGRESS,
        "completed": completed,
        "counted": frozenset(completed),
        "version": 1,
        "last_seen": step_refs(NAMES),
        "server_id": "srv",
        "started_at": 5,
        "completed_at": None,
        "active_at": 10,
        "hurried_calls": 0,
    }
    return Place(**(given_ | fields))


def merged(*places, live=NAMES, anywhere=()):
    everything = {step for each in places for step in each.counted} | set(anywhere)
    return merge_places(places, everything, step_refs(live), NOW)


@st.composite
def people(draw):
    """A live order and the rows of two learners in it, with all that they completed elsewhere."""
    live = step_refs(draw(ORDERS), draw(SETS))
    rows, anywhere = [], set()
    for _ in range(draw(st.integers(1, 2))):
        done, elsewhere = draw(ORDERS), {f"x_{name}" for name in draw(SETS)}
        everything = elsewhere | {f"ws_{name}" for name in done}
        anywhere |= everything
        fields = {
            "status": draw(STATES),
            "counted": frozenset(everything - elsewhere) | completed_before_move(everything, live),
            "last_seen": step_refs(draw(ORDERS)),
            "active_at": draw(TIMES),
            "started_at": draw(TIMES),
            "hurried_calls": draw(st.integers(0, 3)),
        }
        rows.append(place(draw(LETTERS), done, **fields))
    return live, rows, anywhere


@given(people())
def test_nothing_completed_is_lost_or_doubled_and_nothing_is_added(case):
    live, rows, anywhere = case
    result = merge_places(rows, anywhere, live, NOW)
    own = {step for each in rows for step in each.completed}

    assert len(result.completed) == len(set(result.completed))
    assert own <= set(result.completed)
    assert set(result.completed) - own <= completed_before_move(anywhere, live)


@given(people())
def test_the_place_is_open_and_never_before_either_one_unless_all_behind_it_is_done(case):
    live, rows, anywhere = case
    started = [each for each in rows if each.status is not ProgressStatus.NOT_STARTED]
    result = merge_places(rows, anywhere, live, NOW)
    if not started:
        assert result.status is ProgressStatus.NOT_STARTED
        return
    order = [step.id for step in live]
    furthest = max(place_index(each, live) for each in started)
    at = place_index(result, live)

    assert at == len(order) or order[at] not in result.counted
    assert at >= furthest or all(step in result.counted for step in order[furthest:])
    assert (at < len(order)) == any(step not in result.counted for step in order)


@given(people())
def test_who_has_finished_has_finished_and_nobody_else_has(case):
    live, rows, anywhere = case
    result = merge_places(rows, anywhere, live, NOW)
    finished = any(each.status is ProgressStatus.COMPLETED for each in rows)
    started = any(each.status is not ProgressStatus.NOT_STARTED for each in rows)
    nothing_left = started and bool(live) and place_index(result, live) == len(live)

    assert (result.status is ProgressStatus.COMPLETED) == (finished or nothing_left)
    assert (result.completed_at is not None) == (result.status is ProgressStatus.COMPLETED)
    assert result.hurried_calls == sum(each.hurried_calls for each in rows)


@given(people())
def test_the_order_of_the_two_makes_no_difference_to_what_counts(case):
    live, rows, anywhere = case
    one, other = (merge_places(each, anywhere, live, NOW) for each in (rows, rows[::-1]))

    assert one.counted == other.counted
    assert (one.status, place_index(one, live)) == (other.status, place_index(other, live))


def test_the_further_place_stays_and_the_completions_of_both_count():
    result = merged(place("b", "a"), place("d", "abc", version=2))

    assert (result.current, result.version) == ("ws_d", 2)
    assert result.completed == ("ws_a", "ws_b", "ws_c")


def test_a_step_that_the_other_one_has_done_is_passed_over():
    assert merged(place("d", "abc"), place("b", "ade")).current == "ws_f"


def test_a_skipped_step_is_the_place_once_all_behind_it_is_done():
    assert merged(place("c", "b", version=2), place("b", "acdefgh")).status == "completed"
    assert merged(place("c", "b"), place("h", "cdefg"), live="abcdefg").current == "ws_a"


def test_two_halves_of_a_walkthrough_are_the_whole():
    result = merged(place("e", "abcd", active_at=3), place("c", "efgh"))

    assert (result.status, result.completed_at) == (ProgressStatus.COMPLETED, NOW)


def test_a_removed_step_counts_as_far_as_its_learner_was_led_behind_it():
    gone = place("c", "ab", version=1)

    assert merged(gone, place("d", "ab"), live="abefgh").current == "ws_e"
    assert merged(place("b", "a"), gone, live="abefgh").current == "ws_e"


def test_a_reordered_step_counts_where_it_stands_now():
    assert merged(place("b", "a"), place("c", "ab"), live="acb").current == "ws_c"
    assert merged(place("b", "a"), place("c", "a"), live="acb").current == "ws_b"


def test_who_has_finished_and_who_began_again_have_finished():
    finished = place("h", NAMES, status=ProgressStatus.COMPLETED, completed_at=7, active_at=8)
    result = merged(place("a", active_at=99), finished)

    assert (result.status, result.completed_at) == (ProgressStatus.COMPLETED, 7)
    assert (result.active_at, result.started_at) == (99, 5)


def test_a_new_step_is_the_place_of_who_had_finished():
    finished = place("c", "abc", status=ProgressStatus.COMPLETED, completed_at=7)
    result = merged(finished, place("b", "a"), live="abcd")

    assert (result.current, result.status) == ("ws_d", ProgressStatus.COMPLETED)


def test_a_walkthrough_that_was_reset_is_no_place_and_keeps_what_was_done_in_it():
    reset = place("f", "e", status=ProgressStatus.NOT_STARTED, started_at=None)
    result = merged(reset, place("b", "a"))

    assert (result.current, result.completed) == ("ws_b", ("ws_e", "ws_a"))
    assert merged(reset).status is ProgressStatus.NOT_STARTED


def test_what_one_of_them_did_elsewhere_before_it_moved_here_counts_for_the_place():
    live = step_refs("abc", moved="b")
    result = merge_places([place("b", "a")], {"ws_a", "x_b"}, live, NOW)

    assert (result.current, result.completed) == ("ws_c", ("ws_a", "ws_b"))
