"""New walkthroughs are stored while the others of their commit are read; the plan decides."""

import threading
from functools import partial

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from sync.early_import import LEAST
from tests.builders import content, walkthrough
from tests.waiting import until
from walkthroughs.models import ContentSource
from walkthroughs.publishing.origin import Origin

_NEW = LEAST + 5
_STORED_EARLY = "SET CONSTRAINTS ALL IMMEDIATE"
_PLANNED = "FROM mcp_servers"


class Planning:
    """Calls *meanwhile* when a run begins to plan, checks what it stores early, or does *at*."""

    def __init__(self, engine, meanwhile, at=_PLANNED):
        self.was_early = self.is_planned = False
        self._thread, self._meanwhile, self._at = threading.get_ident(), meanwhile, at
        self._listener = (engine, "before_cursor_execute", self._before)

    def __enter__(self):
        event.listen(*self._listener)
        return self

    def __exit__(self, *_):
        event.remove(*self._listener)

    def _before(self, _connection, _cursor, statement, *_rest):
        self.was_early |= _STORED_EARLY in statement
        is_mine = threading.get_ident() == self._thread
        if is_mine == (self._at != _STORED_EARLY) and self._at in statement and not self.is_planned:
            self.is_planned = True
            self._meanwhile()


def ask(database, statement, **values):
    with database.transaction() as session:
        return session.execute(text(statement), values).all()


def write_new(synced, letter, many=_NEW):
    names = [f"{letter}{number:02}" for number in range(many)]
    for name in names:
        synced.author.write("one", "two", name=name)
    return names


def live(synced, letter):
    """Return the author's ids that the server offers, in its order."""
    return [
        name
        for (name,) in ask(
            synced.database,
            """
            SELECT w.external_id FROM walkthroughs w
              JOIN mcp_server_walkthroughs a ON a.walkthrough_id = w.id
              JOIN walkthrough_steps s ON s.walkthrough_id = w.id AND s.next_step_id IS NULL
              JOIN audit_events e ON e.target_id = w.id AND e.verb = 'walkthrough.create'
             WHERE w.external_id LIKE :like AND w.archived_at IS NULL AND w.version = 1
               AND w.git_tree IS NOT NULL AND w.step_count = 2
             ORDER BY a.display_order""",
            like=f"{letter}%",
        )
    ]


def count(synced, letter):
    return ask(
        synced.database,
        "SELECT count(*) FROM walkthroughs WHERE external_id LIKE :like",
        like=f"{letter}%",
    )[0][0]


def test_nobody_sees_a_new_walkthrough_before_the_plan_and_then_all_are_there_in_order(synced):
    seen = []
    names = write_new(synced, "a")
    with Planning(synced.database.engine, lambda: seen.append(count(synced, "a"))) as planning:
        assert len(synced.sync().plan.changes) == _NEW
    assert planning.was_early
    assert (seen, live(synced, "a")) == ([0], names)
    assert synced.run(read_all=True).plan.changes == ()


def test_a_connection_that_ends_in_the_middle_leaves_nothing_half(synced):
    def end(after="SET CONSTRAINTS%DEFERRED"):
        until(
            lambda: ask(
                synced.database,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                " datname = current_database() AND state = 'idle in transaction'"
                " AND query LIKE :after",
                after=after,
            )
        )

    # There is more to be stored: it is noticed, and all are stored in the usual way.
    names = write_new(synced, "a")
    with Planning(synced.database.engine, partial(end, "ANALYZE%"), at=_STORED_EARLY):
        assert synced.sync().outcome == "applied"
    assert live(synced, "a") == names

    # There is nothing left but the commit.
    names = write_new(synced, "b", LEAST)
    with Planning(synced.database.engine, end), pytest.raises(OperationalError):
        synced.sync()
    assert count(synced, "b") == 0
    assert synced.run().outcome == "applied"
    assert live(synced, "b") == names

    # There is not even that.
    synced.select()
    synced.drop("deploy")
    write_new(synced, "c")
    with Planning(synced.database.engine, end):
        assert synced.sync().outcome == "waiting"
    assert count(synced, "c") == 0


def test_what_a_plan_does_not_want_is_gone_and_the_rest_is_stored_all_the_same(synced):
    # It waits for approval.
    synced.select()
    synced.drop("deploy")
    names = write_new(synced, "a")
    waits = synced.sync()
    assert waits.outcome == "waiting"
    assert (count(synced, "a"), live(synced, "a")) == (0, [])
    assert synced.run(approved_fingerprint=waits.plan.fingerprint).outcome == "applied"
    assert live(synced, "a") == names

    # Two have one id.
    names = write_new(synced, "b")
    manifest = synced.author.folder / "walkthroughs" / "b01" / "walkthrough.yml"
    manifest.write_text(manifest.read_text().replace("id: b01", "id: b00"))
    said = [str(problem).split(":")[0] for problem in synced.sync().plan.problems]
    assert said == [f"walkthroughs/{name}/walkthrough.yml" for name in ("b00", "b01")]
    assert live(synced, "b") == names[2:]
    synced.author.write("one", "two", name="b01")

    # One has the id of another source's.
    with synced.database.transaction() as session:
        owner = synced.caller.organization_id
        other = ContentSource(organization_id=owner, name="more", url="/srv/more")
        session.add(other)
        session.flush()
        walkthrough(session, owner, content(id="c00"), origin=Origin(other.id))
    names = write_new(synced, "c")
    assert len(synced.sync().plan.problems) == 1
    assert (count(synced, "c"), live(synced, "c")) == (_NEW, names[1:])

    # They were archived, and come back as the same rows.
    rows = "SELECT id FROM walkthroughs WHERE external_id LIKE 'a%' ORDER BY id"
    before = ask(synced.database, rows)
    for name in [f"a{number:02}" for number in range(_NEW)]:
        synced.drop(name)
    waits = synced.sync()
    assert synced.run(approved_fingerprint=waits.plan.fingerprint).outcome == "applied"
    names = write_new(synced, "a")
    assert len(synced.sync().plan.changes) == _NEW
    assert (ask(synced.database, rows), live(synced, "a")) == (before, names)


def test_a_run_that_is_cut_short_behind_its_import_has_left_nothing_to_do_but_what_it_has_to_say(
    synced,
):
    names = write_new(synced, "a")
    synced.author.write("one", "two", name="a00", head="status: published\nservers: [nowhere]")

    def end():
        raise KeyboardInterrupt

    with (
        Planning(synced.database.engine, end, at="UPDATE walkthroughs w SET folder") as planning,
        pytest.raises(KeyboardInterrupt),
    ):
        synced.sync()
    assert planning.was_early
    assert (count(synced, "a"), live(synced, "a")) == (_NEW, names[1:])

    again = synced.run()
    assert again.plan.changes == ()
    assert [problem.path.split("/")[1] for problem in again.plan.problems] == names[:1]
    assert live(synced, "a") == names[1:]


def test_a_new_walkthrough_that_takes_a_step_counts_what_learners_did_of_it(synced):
    taken = ask(synced.database, "SELECT id FROM walkthrough_steps WHERE external_id = 'solo'")
    synced.author.write("duo", name="other")
    synced.sync()
    write_new(synced, "a")
    moved = "status: published\nmoved:\n  - {from: other/solo, to: one}"
    synced.author.write("one", "two", name="a00", head=moved)
    assert len(synced.sync().plan.changes) == _NEW

    found = ask(
        synced.database,
        """
        SELECT s.predecessor_ids FROM walkthrough_steps s
          JOIN walkthroughs w ON w.id = s.walkthrough_id
         WHERE w.external_id = 'a00' AND s.external_id = 'one'""",
    )
    assert found == [([taken[0][0]],)]
    assert count(synced, "a") == _NEW
