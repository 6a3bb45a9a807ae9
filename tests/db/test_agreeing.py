"""Agreeing to a plan that waits: in the dashboard, for a worker to carry out."""

from sync import queue
from sync.status_report import as_text
from sync.worker import check_source
from walkthroughs.ids import now_ms
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import ContentSource


def agree(synced, fingerprint):
    with synced.database.transaction() as session:
        row = session.get_one(ContentSource, synced.source_id, with_for_update=True)
        return queue.approve(session, row, fingerprint, "ana@acme.example")


def waits(synced):
    """Let a plan wait; return its fingerprint."""
    synced.select()
    synced.drop("deploy")
    return synced.sync().plan.fingerprint


def go(synced):
    check_source(synced.database, synced.settings, synced.source_id)


def test_a_worker_carries_out_what_was_agreed_to_and_nothing_else(synced):
    fingerprint = waits(synced)
    assert not agree(synced, "another")
    assert agree(synced, fingerprint)
    synced.author.write("solo", "duo", name="other")
    synced.author.commit()
    go(synced)
    assert (synced.row().archived_at, synced.source().approval) == (None, None)

    assert agree(synced, synced.source().awaiting_approval.fingerprint)
    go(synced)
    assert synced.row().archived_at is not None
    assert (synced.runs()[-1].actor, synced.runs()[-1].trigger) == ("ana@acme.example", "dashboard")
    assert synced.status().health == "healthy"


def test_an_agreement_outlives_a_run_that_was_not_told_of_it(synced):
    assert agree(synced, waits(synced))
    assert synced.run().outcome == "waiting"
    go(synced)

    assert synced.row().archived_at is not None


def test_a_held_source_takes_no_agreement(synced):
    fingerprint = waits(synced)
    synced.set(held_at=now_ms())

    assert not agree(synced, fingerprint)
    synced.set(held_at=None)
    assert agree(synced, fingerprint)
    synced.set(held_at=now_ms())
    go(synced)
    assert (synced.row().archived_at, synced.source().approval) == (None, None)


def test_a_rollback_that_waits_is_agreed_to_as_a_rollback(synced):
    start = synced.source().synced_commit
    synced.author.write("first", name="fresh")
    newest = synced.sync().plan.commit
    progress.select(
        synced.database, ContentCache(), synced.caller, synced.row("fresh").id, resume=True
    )
    waiting = synced.run(rollback_to=start)
    assert waiting.outcome == "waiting"
    command = f"flask sync rollback content {start[:10]} --approve {waiting.plan.fingerprint}"
    assert command in as_text(synced.status(), "content")
    assert synced.source().newest_commit == newest
    go(synced)  # a poll in between plans the newest commit, and lets it wait
    assert agree(synced, waiting.plan.fingerprint)
    go(synced)

    assert synced.source().synced_commit == start
    assert synced.status().health == "held"
