"""A step is its id: what an author renames, removes and brings back is what learners have done."""

import pytest
from sqlalchemy import event

from sync.runs import PlanChanged
from walkthroughs.ids import now_ms


def titles(synced):
    """The place, and how many steps are done."""
    view = synced.select()
    return view.step.title, view.progress.completed_steps


def test_an_id_that_changes_with_a_record_is_the_same_step_and_without_one_another(synced):
    synced.next(synced.select().step.id)
    record = "status: published\nservers: [acme]\nmoved:\n  - {from: one, to: uno}"
    synced.author.write("uno", "two", "three", head=record)
    synced.sync()
    assert titles(synced) == ("Two", 1)
    synced.author.write("eins", "two", "three", head=record)
    synced.author.commit()
    assert "1 step added" in synced.plan().changes[0].summary
    synced.run()
    assert titles(synced) == ("Two", 0)
    synced.author.write("uno", "two", "three", head=record)
    synced.sync()

    assert titles(synced) == ("Two", 1)


def test_a_step_that_is_removed_and_brought_back_three_versions_later_is_still_done(synced):
    first = synced.select().step.id
    synced.next(first)
    for steps in (("two", "three"), ("two", "three", "four"), ("three", "two"), ("one", "two")):
        synced.author.write(*steps)
        synced.sync()

    assert synced.row().version == 5
    assert titles(synced) == ("Two", 1)
    assert synced.next(first).step.title == "Two"


def test_a_learner_whose_step_and_all_that_follow_went_away_is_led_to_the_first_open_one(synced):
    synced.author.write("zero", "one", "two", "three")
    synced.sync()
    view = synced.next(synced.select().step.id)
    view = synced.next(view.step.id)
    assert view.step.title == "Two"
    synced.author.write("new", "one")
    synced.sync()

    assert synced.select().step.title == "New"


def test_what_a_learner_completes_while_the_step_is_taken_away_is_kept(synced):
    """Between the plan and the writing, and once more just after it."""
    here = synced.next(synced.select().step.id).step.id
    synced.author.write("one", "three")
    synced.author.commit()
    done = []

    def meanwhile(_connection, _cursor, statement, *_):
        if "FOR NO KEY UPDATE" in statement and not done:
            done.append(None)
            assert synced.next(here).step.title == "Three"

    event.listen(synced.database.engine, "before_cursor_execute", meanwhile)
    synced.run()
    again = synced.next(here)

    assert done
    assert again.step.title == "Three"
    synced.author.write("one", "two", "three")
    synced.sync()
    assert synced.select().progress.completed_steps == 2


@pytest.mark.parametrize("meanwhile", ["applied", "rolled back", "changed by hand"])
def test_an_agreement_is_void_when_what_is_live_has_changed_meanwhile(synced, meanwhile):
    synced.select()
    synced.drop("deploy")
    waits = synced.sync()
    assert waits.outcome == "waiting"
    if meanwhile == "applied":
        synced.run(approved_fingerprint=waits.plan.fingerprint)
        synced.author.write("one", "two", "three")
        synced.sync()
        synced.drop("deploy")
        synced.sync()
    elif meanwhile == "rolled back":
        synced.author.write("solo", "duo", name="other")
        synced.sync()
    else:
        with synced.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE walkthroughs SET version = version + 1")
    with pytest.raises(PlanChanged, match="flask sync plan"):
        synced.run(approved_fingerprint=waits.plan.fingerprint)

    assert synced.row().archived_at is None


def test_a_push_to_a_held_source_is_listed_and_waits_for_its_end(synced):
    good = synced.source().synced_commit
    synced.author.write("bad")
    synced.sync()
    synced.run(rollback_to=good)
    synced.author.write("one", "two")
    newest = synced.author.commit()
    for trigger in ("poll", "webhook"):
        synced.run(trigger=trigger)
    state = synced.status()
    assert (state.health, synced.row().step_count) == ("held", 3)
    assert (synced.source().synced_commit, synced.source().newest_commit) == (good, newest)
    assert [item.pending for item in state.walkthroughs if item.id == "deploy"] == ["structure"]
    assert synced.source().held_at <= now_ms()
    synced.set(held_at=None)
    synced.run()

    assert (synced.row().step_count, synced.status().health) == (2, "healthy")
