"""A step is its id: what an author renames, removes and brings back is what learners have done."""

import pytest
from sqlalchemy import event

from sync.runs import PlanChanged
from walkthroughs.ids import now_ms


def titles(room):
    """The place, and how many steps are done."""
    view = room.select()
    return view.step.title, view.progress.completed_steps


def test_an_id_that_changes_with_a_record_is_the_same_step_and_without_one_another(room):
    room.next(room.select().step.id)
    record = "status: published\nservers: [acme]\nmoved:\n  - {from: one, to: uno}"
    room.author.write("uno", "two", "three", head=record)
    room.sync()
    assert titles(room) == ("Two", 1)
    room.author.write("eins", "two", "three", head=record)
    room.author.commit()
    assert "1 step added" in room.plan().changes[0].summary
    room.run()
    assert titles(room) == ("Two", 0)
    room.author.write("uno", "two", "three", head=record)
    room.sync()

    assert titles(room) == ("Two", 1)


def test_a_step_that_is_removed_and_brought_back_three_versions_later_is_still_done(room):
    first = room.select().step.id
    room.next(first)
    for steps in (("two", "three"), ("two", "three", "four"), ("three", "two"), ("one", "two")):
        room.author.write(*steps)
        room.sync()

    assert room.row().version == 5
    assert titles(room) == ("Two", 1)
    assert room.next(first).step.title == "Two"


def test_a_learner_whose_step_and_all_that_follow_went_away_is_led_to_the_first_open_one(room):
    room.author.write("zero", "one", "two", "three")
    room.sync()
    view = room.next(room.select().step.id)
    view = room.next(view.step.id)
    assert view.step.title == "Two"
    room.author.write("new", "one")
    room.sync()

    assert room.select().step.title == "New"


def test_what_a_learner_completes_while_the_step_is_taken_away_is_kept(room):
    """Between the plan and the writing, and once more just after it."""
    here = room.next(room.select().step.id).step.id
    room.author.write("one", "three")
    room.author.commit()
    done = []

    def meanwhile(_connection, _cursor, statement, *_):
        if "FOR NO KEY UPDATE" in statement and not done:
            done.append(None)
            assert room.next(here).step.title == "Three"

    event.listen(room.database.engine, "before_cursor_execute", meanwhile)
    room.run()
    again = room.next(here)

    assert done
    assert again.step.title == "Three"
    room.author.write("one", "two", "three")
    room.sync()
    assert room.select().progress.completed_steps == 2


@pytest.mark.parametrize("meanwhile", ["applied", "rolled back", "changed by hand"])
def test_an_agreement_is_void_when_what_is_live_has_changed_meanwhile(room, meanwhile):
    room.select()
    room.drop("deploy")
    waits = room.sync()
    assert waits.outcome == "waiting"
    if meanwhile == "applied":
        room.run(approved_fingerprint=waits.plan.fingerprint)
        room.author.write("one", "two", "three")
        room.sync()
        room.drop("deploy")
        room.sync()
    elif meanwhile == "rolled back":
        room.author.write("solo", "duo", name="other")
        room.sync()
    else:
        with room.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE walkthroughs SET version = version + 1")
    with pytest.raises(PlanChanged, match="flask sync plan"):
        room.run(approved_fingerprint=waits.plan.fingerprint)

    assert room.row().archived_at is None


def test_a_push_to_a_held_source_is_listed_and_waits_for_its_end(room):
    good = room.source().synced_commit
    room.author.write("bad")
    room.sync()
    room.run(rollback_to=good)
    room.author.write("one", "two")
    newest = room.author.commit()
    for trigger in ("poll", "webhook"):
        room.run(trigger=trigger)
    state = room.status()
    assert (state.health, room.row().step_count) == ("held", 3)
    assert (room.source().synced_commit, room.source().newest_commit) == (good, newest)
    assert [item.pending for item in state.walkthroughs if item.id == "deploy"] == ["structure"]
    assert room.source().held_at <= now_ms()
    room.set(held_at=None)
    room.run()

    assert (room.row().step_count, room.status().health) == (2, "healthy")
