"""A run whose claim ended unnoticed writes nothing over the run that came after it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import event

from sync.fence import ClaimLost
from tests.waiting import PATIENCE
from walkthroughs.publishing.read import read_content

END_CLAIMS = """
    SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
"""


class Hold:
    """Stops a run after it has read its commit, until it is told to go on."""

    def __init__(self, engine, statement):
        self.statement, self.thread = statement, None
        self.is_held, self.go_on = threading.Event(), threading.Event()
        self.listener = (engine, "after_cursor_execute", self._after)
        event.listen(*self.listener)

    def run(self, work):
        self.thread = threading.get_ident()
        return work()

    def _after(self, _connection, _cursor, statement, *_rest):
        mine = threading.get_ident() == self.thread
        if mine and self.statement in statement and not self.is_held.is_set():
            self.is_held.set()
            assert self.go_on.wait(PATIENCE)


@pytest.fixture
def lose_claim(synced):
    """Call it with what another run does meanwhile; returns how the held run ended."""

    def lose(statement, meanwhile):
        hold = Hold(synced.database.engine, statement)
        try:
            with ThreadPoolExecutor(1) as pool:
                held = pool.submit(hold.run, synced.run)
                assert hold.is_held.wait(PATIENCE)
                with closing(synced.database.open_connection()) as other:
                    other.cursor().execute(END_CLAIMS)
                    other.commit()
                meanwhile()
                hold.go_on.set()
                return held.exception()
        finally:
            hold.go_on.set()
            event.remove(*hold.listener)

    return lose


def commit(synced, *names):
    synced.author.write(*names)
    synced.author.commit()


def steps(synced):
    with synced.database.transaction() as session:
        row = synced.row()
        return [step.id for step in read_content(session, row.organization_id, row.id).steps]


@pytest.mark.parametrize("statement", ["git_tree", "walkthroughs.archived_at"])
def test_old_text_does_not_come_back_over_new(synced, lose_claim, statement):
    commit(synced, "one", "old")

    def newer():
        commit(synced, "one", "new")
        assert synced.run().outcome == "applied"

    error = lose_claim(statement, newer)

    assert isinstance(error, ClaimLost)
    assert steps(synced) == ["one", "new"]
    assert (synced.status().sync, synced.status().health) == ("synced", "healthy")
    assert synced.run().plan.changes == (), "there is nothing to repair"


def test_a_run_that_lost_its_claim_to_nobody_ends_well(synced, lose_claim):
    commit(synced, "one", "two")

    assert lose_claim("git_tree", lambda: None) is None
    assert steps(synced) == ["one", "two"]
