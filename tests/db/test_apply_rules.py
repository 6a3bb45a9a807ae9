"""What a call writes into a learner's row, and which events it records."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import content
from tests.learners import CACHE, Learner, lea
from walkthroughs.errors import NothingStarted
from walkthroughs.learning import apply_rules as rules
from walkthroughs.learning import progress

__all__ = ["lea"]
NOW = 2_000_000_000_000


def test_a_call_writes_the_place_and_records_what_it_changed(lea, monkeypatch):
    clock = [NOW]
    for module in (rules, progress):
        monkeypatch.setattr(module, "now_ms", lambda: clock[0])
    other = lea.add_other()

    def change(values, of=lea.row):
        with lea.database.begin() as connection:
            mine = "WHERE walkthrough_id = :row"
            connection.execute(
                text(f"UPDATE walkthrough_progress SET {values} {mine}"), {"row": of}
            )

    def row():
        with lea.database.begin() as connection:
            query = "SELECT * FROM walkthrough_progress WHERE walkthrough_id = :row"
            found = connection.execute(text(query), {"row": lea.row}).one()
        steps = [names.get(each, each) for each in found.completed_steps]
        return {
            "at": names[found.current_step_id], "status": found.status, "done": steps,
            "completed_at": found.completed_at, "version": found.version,
            "active_at": found.active_at, "step_ms": found.step_ms,
            "hurried": found.hurried_calls,
        }  # fmt: skip

    def events():
        with lea.database.begin() as connection:
            query = (
                "DELETE FROM tool_events_incoming RETURNING kind, version, step_id, next_step_id,"
                " step_ms, from_walkthrough_id, run_started_at"
            )
            found = connection.execute(text(query)).all()
        runs = {each.run_started_at for each in found}
        assert None not in runs
        return [
            (kind, version, names.get(step), names.get(then), ms, before)
            for kind, version, step, then, ms, before, _ in found
        ]

    names = {}

    def learn_names():
        with lea.database.begin() as connection:
            query = "SELECT id, external_id FROM walkthrough_steps"
            names.update(connection.execute(text(query)).all())

    learn_names()
    first = lea.select()
    assert row() | {"active_at": 0} == {
        "at": "one", "status": "in_progress", "done": [], "completed_at": None, "version": 1,
        "active_at": 0, "step_ms": None, "hurried": 0,
    }  # fmt: skip
    assert events() == [("started", 1, None, "one", None, None)]
    Learner(lea.database, lea.caller, other).select()
    assert events() == [("started", 1, None, "uno", None, lea.row)]
    change("active_at = 1", other)
    change(f"active_at = {NOW - 700}")
    lea.select()
    assert row()["active_at"] == NOW
    assert events() == [("resumed", 1, None, "one", None, None)]

    # Too soon: the row notes it, and never with a time that lies ahead.
    paced = replace(lea.caller, pace_seconds=5)
    for shown, noted in ((NOW - 700, NOW - 700), (NOW + 700, NOW)):
        change(f"active_at = {shown}")
        hurried = Learner(lea.database, paced, lea.row).next()
        assert hurried.step.id == first.step.id
        assert (row()["active_at"], row()["at"], row()["done"]) == (noted, "one", [])
        assert events() == [("hurried", 1, "one", None, None, None)]
    assert row()["hurried"] == 2

    change(f"active_at = {NOW - 700}")
    assert lea.next().step.title == "Two"
    assert row() == {
        "at": "two", "status": "in_progress", "done": ["one"], "completed_at": None, "version": 1,
        "active_at": NOW, "step_ms": 700, "hurried": 2,
    }  # fmt: skip
    assert events() == [("step", 1, "one", "two", 700, None)]
    change(f"active_at = {NOW + 700}, step_ms = 5")
    lea.next(first.step.id)
    assert row()["step_ms"] == 5
    assert events() == []
    change(f"active_at = {NOW + 700}")
    assert lea.next().step.title == "Three"
    assert row()["step_ms"] == 0
    assert events() == [("step", 1, "two", "three", 0, None)]

    # Finished once: the time stays, and nothing is recorded anew.
    change(f"active_at = {NOW - 9}")
    assert lea.next().step is None
    assert (row()["status"], row()["completed_at"], row()["at"]) == ("completed", NOW, "three")
    assert row()["done"] == ["one", "two", "three"]
    assert events() == [("step", 1, "three", None, 9, None), ("completed", 1, *[None] * 4)]
    clock[0] += 1
    lea.edit(content("one", "two", "four"))
    learn_names()
    told = lea.select()
    assert told.step.title == "Four"
    assert "new step since you finished" in told.notice
    assert (row()["status"], row()["completed_at"], row()["version"]) == ("completed", NOW, 2)
    assert events() == [("resumed", 2, None, "four", None, None)]
    change(f"active_at = {NOW}")
    lea.next()
    assert row()["done"] == ["one", "two", "three", "four"]
    assert row()["completed_at"] == NOW
    assert events() == [("step", 2, "four", None, 1, None)]

    nobody = replace(lea.caller, learner_id="usr_nobody")
    with lea.database.begin() as connection, pytest.raises(NothingStarted):
        rules.apply_rules(connection, nobody, CACHE.latest(lea.row), completing=None)
