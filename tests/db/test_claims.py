"""A source is synced by one at a time: who asks meanwhile leaves it alone, or waits."""

from sqlalchemy import event

from sync.queue import claim
from sync.worker import check_source
from tests.turns import take_turns
from walkthroughs.models import ContentSource


def claimed(synced, source_id=None, *, wait):
    with claim(synced.database, source_id or synced.source_id, wait=wait) as row:
        return row.name if row is not None else None


def test_a_source_that_is_claimed_is_left_alone_and_another_is_not(synced):
    with synced.database.transaction() as session:
        more = ContentSource(
            organization_id=synced.caller.organization_id, name="more", url="/srv/more"
        )
        session.add(more)
        session.flush()
        other = more.id
    with claim(synced.database, synced.source_id, wait=True):
        assert claimed(synced, wait=False) is None
        assert claimed(synced, other, wait=False) == "more"

    assert claimed(synced, wait=False) == "content"


def test_who_asks_for_a_claim_that_is_taken_waits_for_its_end_and_says_so(synced, caplog):
    turns = take_turns(
        synced.database, lambda: claimed(synced, wait=False), lambda: claimed(synced, wait=True)
    )

    assert turns.waited
    assert turns.second.result() == "content"
    assert 'A run of the content source "content" is under way' in caplog.text


def test_a_worker_passes_by_a_source_while_somebody_syncs_it(synced):
    synced.author.write("one", "two")
    synced.author.commit()
    runs = len(synced.runs())
    with claim(synced.database, synced.source_id, wait=True):
        check_source(synced.database, synced.settings, synced.source_id)
        assert (synced.row().version, len(synced.runs())) == (1, runs)
    check_source(synced.database, synced.settings, synced.source_id)

    assert (synced.row().version, len(synced.runs())) == (2, runs + 1)


def test_a_check_that_finds_nothing_new_asks_the_database_twice(synced):
    statements = []
    before = synced.source().checked_at

    def note(_connection, _cursor, statement, *_):
        statements.append(statement.split()[0])

    event.listen(synced.database.engine, "before_cursor_execute", note)
    try:
        outcome = check_source(synced.database, synced.settings, synced.source_id)
    finally:
        event.remove(synced.database.engine, "before_cursor_execute", note)

    assert (outcome, statements) == ("unchanged", ["SELECT", "UPDATE"])
    assert synced.source().checked_at > before


def test_two_syncs_at_once_make_one_version(synced):
    synced.author.write("one", "two")
    synced.author.commit()
    turns = take_turns(synced.database, synced.run, synced.run)

    assert turns.waited
    assert [each.result().outcome for each in (turns.first, turns.second)] == ["applied"] * 2
    assert [len(each.result().plan.changes) for each in (turns.first, turns.second)] == [1, 0]
    assert synced.row().version == 2
