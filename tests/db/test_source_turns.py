"""Who works on a source, and when."""

import threading

from sync import queue
from sync.worker import check_source, run_worker
from tests.waiting import until


def test_any_number_of_requests_make_one_run(synced):
    with synced.database.transaction() as session:
        for _ in range(50):
            queue.request_sync(session, synced.caller.organization_id, synced.source_id)
    assert queue.is_requested(synced.source())
    check_source(synced.database, synced.settings, synced.source_id)

    assert not queue.is_requested(synced.source())


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
