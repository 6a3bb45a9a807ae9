"""What nobody thought of: a live text that is not the one of its commit is found and put right."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import text

from sync import recheck
from sync.worker import run_worker
from tests.waiting import until


def live_text(synced):
    with synced.database.transaction() as session:
        query = "SELECT content FROM walkthrough_steps WHERE external_id = 'one'"
        return session.scalar(text(query))


def change_by_hand(synced, words="Another text."):
    with synced.database.transaction() as session:
        session.execute(
            text("UPDATE walkthrough_steps SET content = :words WHERE external_id = 'one'"),
            {"words": words},
        )


def look_again(synced):
    return recheck.recheck(synced.database, synced.settings, synced.source_id)


def test_a_text_that_differs_from_its_commit_is_told_and_written_again(synced, caplog):
    change_by_hand(synced)
    assert "Another" in live_text(synced)

    assert look_again(synced)
    assert live_text(synced) == "Do one."
    assert "deploy" in caplog.text
    assert "differ from the commit" in caplog.text
    assert synced.runs()[-1].actor == "re-check"
    assert not look_again(synced)


def test_where_nothing_differs_nothing_is_written_or_told(synced, caplog):
    runs = len(synced.runs())
    before = synced.source().checked_at
    assert not look_again(synced)
    assert (len(synced.runs()), synced.source().checked_at) == (runs, before)
    assert caplog.text == ""


def test_a_new_commit_is_left_to_the_ordinary_way(synced):
    synced.author.write("one", "two", "three", "four")
    synced.author.commit()
    assert not look_again(synced)
    assert synced.row().step_count == 3


def test_a_repository_that_is_away_is_no_trouble_of_the_second_look(synced):
    change_by_hand(synced)
    synced.author.folder.rename(synced.author.folder.with_name("aside"))
    assert not look_again(synced)
    assert synced.source().error is None


@pytest.mark.parametrize(
    "state",
    [{"held_at": 1}, {"error": "away"}, {"newest_commit": "f" * 40}, {"synced_commit": None}],
)
def test_only_a_source_of_which_all_should_be_live_is_looked_at(synced, state):
    assert recheck.choose([synced.source()])
    synced.set(**state)
    assert recheck.choose([synced.source()]) is None


def test_a_plan_that_reads_everything_again_says_it_too(synced, flask):
    change_by_hand(synced)
    assert "0 change(s)" in flask("sync", "plan", "content")
    assert "deploy" in flask("sync", "plan", "content", "--reread", code=2)


def test_the_worker_looks_again_by_itself(synced, monkeypatch):
    monkeypatch.setattr(recheck, "SECONDS", 0.2)
    change_by_hand(synced)
    stop = threading.Event()
    settings = replace(synced.settings, poll_seconds=1)  # else it is mostly being checked
    worker = threading.Thread(target=run_worker, args=(synced.database, settings, stop))
    worker.start()
    try:
        until(lambda: live_text(synced) == "Do one.")
    finally:
        stop.set()
        worker.join()
