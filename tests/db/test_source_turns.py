"""Who works on a source, and when."""

import threading
from collections import Counter

from sync import queue
from sync.turns import Turns, waits_since
from sync.worker import check_source, run_worker
from tests.waiting import until
from walkthroughs.ids import now_ms
from walkthroughs.models import Approval, ContentSource


def request(made):
    with made.database.transaction() as session:
        queue.request_sync(session, made.caller.organization_id, made.source_id)


def test_any_number_of_requests_make_one_run(synced):
    with synced.database.transaction() as session:
        for _ in range(50):
            queue.request_sync(session, synced.caller.organization_id, synced.source_id)
    assert queue.is_requested(synced.source())
    check_source(synced.database, synced.settings, synced.source_id)

    assert not queue.is_requested(synced.source())


def test_a_source_that_is_pushed_often_waits_since_the_first_push(synced):
    """An hour before it is looked at without one."""
    synced.set(interval_seconds=3600)
    request(synced)
    first = synced.source()
    for _ in range(5):
        request(synced)
    again = synced.source()
    until(lambda: now_ms() > first.requested_at + 100)
    request(synced)

    assert again.requested_at > first.requested_at, "a run that has begun does not answer it"
    assert waits_since(synced.source(), 60, now_ms()) < first.requested_at + 50


def test_a_request_after_that_counts_anew(synced):
    request(synced)
    check_source(synced.database, synced.settings, synced.source_id)
    checked = synced.source().checked_at
    until(lambda: now_ms() > checked)
    request(synced)

    assert waits_since(synced.source(), 60, now_ms()) > checked


def test_a_source_that_somebody_works_on_is_left_to_them(synced):
    synced.author.write("one")
    synced.author.commit()
    with queue.claim(synced.database, synced.source_id, wait=True):
        check_source(synced.database, synced.settings, synced.source_id)
        assert synced.row().version == 1
    check_source(synced.database, synced.settings, synced.source_id)

    assert synced.row().version == 2


def test_two_workers_at_once_make_one_version(synced):
    stop = threading.Event()
    workers = [
        threading.Thread(target=run_worker, args=(synced.database, synced.settings, stop))
        for _ in range(2)
    ]
    for each in workers:
        each.start()
    try:
        synced.author.write("one", "two")
        synced.author.commit()
        with synced.database.transaction() as session:
            queue.request_sync(session, synced.caller.organization_id, synced.source_id)
        until(lambda: synced.row().version == 2)
    finally:
        stop.set()
        for each in workers:
            each.join()

    assert [run.outcome for run in synced.runs()] == ["applied", "applied"]


def source(id, owner, waited_since, error=None):
    return ContentSource(id=id, organization_id=owner, checked_at=waited_since, error=error)


def in_turn(at_once, sources, now=10**9):
    """The order in which sources have their turn, with so many places that none becomes free."""
    turns, at_work = Turns(at_once), Counter()
    due, taken = {each.id: each.checked_at for each in sources}, []
    while len(taken) < at_once and (found := turns.take(due, sources, at_work, now)):
        at_work[found.organization_id] += 1
        taken.append(found.id)
    return taken


def one_by_one(sources, now=10**9):
    """The order in which they have their turn in one place."""
    turns, due = Turns(1), {each.id: each.checked_at for each in sources}
    return [turns.take(due, sources, {}, now).id for _ in sources]


def test_an_organization_has_a_share_of_the_places():
    of_one = [source(f"s{number}", "org", 5) for number in range(9)]
    other = source("z", "other", 9)
    assert in_turn(2, [*of_one, other]) == ["s0", "z"]
    assert in_turn(3, [*of_one, other]) == ["s0", "z", "s1"]
    assert Turns(2).with_room([*of_one, other], {"org": 1}) == [other]
    assert Turns(2).with_room(of_one, {"org": 1, "other": 1}) == [], "all of the other are at work"


def test_no_place_is_kept_back_where_all_sources_are_of_one_organization():
    of_one = [source(f"s{number}", "org", 5) for number in range(9)]
    assert [len(in_turn(places, of_one)) for places in (1, 2, 3, 4)] == [1, 2, 2, 2]
    assert Turns(2).with_room(of_one, {"org": 1}) == of_one


def test_a_place_is_kept_for_an_organization_of_which_no_source_is_due():
    of_one = [source(f"s{number}", "org", 5) for number in range(9)]
    turns, due = Turns(2), {each.id: 5.0 for each in of_one}
    assert turns.take(due, [*of_one, source("z", "other", 9)], {"org": 1}, 10**9) is None


def test_who_waited_for_longest_is_next_and_organizations_take_turns():
    waiting = [source("a", "org", 7), source("b", "org", 5), source("c", "other", 6)]
    assert one_by_one(waiting) == ["b", "c", "a"]


def test_who_could_not_be_read_goes_behind_for_ten_minutes():
    now = 10**9
    failed = source("a", "org", now - 60_000, error="It hangs.")
    waiting = [failed, source("b", "other", now), source("c", "other", now)]
    assert one_by_one(waiting, now) == ["b", "c", "a"]
    failed.checked_at = now - 600_000
    assert one_by_one(waiting, now)[0] == "a"


def test_who_was_asked_to_be_checked_since_it_failed_is_not_held_back():
    """Its author has pushed what makes it right, perhaps. An organization has its turns only."""
    now = 10**9
    failed = source("a", "org", now - 60_000, error="There is no folder.")
    failed.requested_at = now
    hanging = [source(f"h{number}", "org", now - 50_000, error="It hangs.") for number in range(3)]
    for each in hanging:
        each.requested_at = now
    waiting = [failed, *hanging, source("b", "other", now), source("c", "other", now)]
    assert one_by_one(waiting, now) == ["a", "b", "h0", "c", "h1", "h2"]


def test_since_when_a_source_waits():
    found = source("a", "org", 1_000_000)
    found.interval_seconds, now = 100, 2_000_000
    scheduled = waits_since(found, 60, now)
    assert scheduled == queue.due_at(found, 60, now) > 1_000_000
    found.requested_at = 1_050_000
    assert waits_since(found, 60, now) == 1_050_000
    found.requested_at = 1_900_000
    assert waits_since(found, 60, now) == scheduled, "a request makes nobody wait for longer"
    found.requested_at = 900_000
    assert waits_since(found, 60, now) == 1_000_000, "it was asked for while it was checked"
    found.requested_at, found.approval = None, Approval("f", "somebody", None)
    assert waits_since(found, 60, now) == 1_000_000, "an approval that could not be carried out"
    found.checked_at = now + 1
    assert waits_since(found, 60, now) == 0
    found.checked_at = None
    assert waits_since(found, 60, now) == 0


def test_intervals_differ_a_little_and_all_processes_agree(synced):
    synced.set(interval_seconds=100, checked_at=1_000_000)
    source, times = synced.source(), set()
    for at in range(1_000_000, 1_000_050):
        source.checked_at = at
        times.add(round((queue.due_at(source, 60, at) - at) / 1000))
        assert queue.due_at(source, 60, at) == queue.due_at(source, 60, at)

    assert min(times) >= 80
    assert max(times) <= 120
    assert len(times) > 10
