"""Agreeing to a plan that waits: in the dashboard, for a worker to carry out."""

from sync import queue
from sync.status_report import as_text
from sync.worker import check_source
from walkthroughs.ids import now_ms
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import ContentSource


def agree(room, fingerprint):
    with room.database.transaction() as session:
        row = session.get_one(ContentSource, room.source_id, with_for_update=True)
        return queue.approve(session, row, fingerprint, "ana@acme.example")


def waits(room):
    """Let a plan wait; return its fingerprint."""
    room.select()
    room.drop("deploy")
    return room.sync().plan.fingerprint


def go(room):
    check_source(room.database, room.settings, room.source_id)


def test_a_worker_carries_out_what_was_agreed_to_and_nothing_else(room):
    fingerprint = waits(room)
    assert not agree(room, "another")
    assert agree(room, fingerprint)
    room.author.write("solo", "duo", name="other")
    room.author.commit()
    go(room)
    assert (room.row().archived_at, room.source().approval) == (None, None)

    assert agree(room, room.source().awaiting_approval.fingerprint)
    go(room)
    assert room.row().archived_at is not None
    assert (room.runs()[-1].actor, room.runs()[-1].trigger) == ("ana@acme.example", "dashboard")
    assert room.status().health == "healthy"


def test_an_agreement_outlives_a_run_that_was_not_told_of_it(room):
    assert agree(room, waits(room))
    assert room.run().outcome == "waiting"
    go(room)

    assert room.row().archived_at is not None


def test_a_held_source_takes_no_agreement(room):
    fingerprint = waits(room)
    room.set(held_at=now_ms())

    assert not agree(room, fingerprint)
    room.set(held_at=None)
    assert agree(room, fingerprint)
    room.set(held_at=now_ms())
    go(room)
    assert (room.row().archived_at, room.source().approval) == (None, None)


def test_a_rollback_that_waits_is_agreed_to_as_a_rollback(room):
    start = room.source().synced_commit
    room.author.write("first", name="fresh")
    newest = room.sync().plan.commit
    progress.select(room.database, ContentCache(), room.caller, room.row("fresh").id, resume=True)
    waiting = room.run(rollback_to=start)
    assert waiting.outcome == "waiting"
    command = f"flask sync rollback content {start[:10]} --approve {waiting.plan.fingerprint}"
    assert command in as_text(room.status())
    assert room.source().newest_commit == newest
    go(room)  # a poll in between plans the newest commit, and lets it wait
    assert agree(room, waiting.plan.fingerprint)
    go(room)

    assert room.source().synced_commit == start
    assert room.status().health == "held"
