"""A source is synced by one at a time: who asks meanwhile leaves it alone, or waits."""

from sync.queue import claim
from sync.worker import check_source
from tests.turns import take_turns
from walkthroughs.models import ContentSource


def claimed(room, source_id=None, *, wait):
    with claim(room.database, source_id or room.source_id, wait=wait) as row:
        return row.name if row is not None else None


def test_a_source_that_is_claimed_is_left_alone_and_another_is_not(room):
    with room.database.transaction() as session:
        more = ContentSource(
            organization_id=room.caller.organization_id, name="more", url="/srv/more"
        )
        session.add(more)
        session.flush()
        other = more.id
    with claim(room.database, room.source_id, wait=True):
        assert claimed(room, wait=False) is None
        assert claimed(room, other, wait=False) == "more"

    assert claimed(room, wait=False) == "content"


def test_who_asks_for_a_claim_that_is_taken_waits_for_its_end(room):
    turns = take_turns(
        room.database, lambda: claimed(room, wait=False), lambda: claimed(room, wait=True)
    )

    assert turns.waited
    assert turns.second.result() == "content"


def test_a_worker_passes_by_a_source_while_somebody_syncs_it(room):
    room.author.write("one", "two")
    room.author.commit()
    runs = len(room.runs())
    with claim(room.database, room.source_id, wait=True):
        check_source(room.database, room.settings, room.source_id)
        assert (room.row().version, len(room.runs())) == (1, runs)
    check_source(room.database, room.settings, room.source_id)

    assert (room.row().version, len(room.runs())) == (2, runs + 1)


def test_two_syncs_at_once_make_one_version(room):
    room.author.write("one", "two")
    room.author.commit()
    turns = take_turns(room.database, room.run, room.run)

    assert turns.waited
    assert [each.result().outcome for each in (turns.first, turns.second)] == ["applied"] * 2
    assert [len(each.result().plan.changes) for each in (turns.first, turns.second)] == [1, 0]
    assert room.row().version == 2
