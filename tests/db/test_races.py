"""Others write at the same moment: a sync that loses a deadlock does its work again, once."""

import threading
from contextlib import closing

import pytest
from sqlalchemy import event, text

from tests.authors import SyncedSource
from tests.waiting import until

_HEAD = "status: published\nservers: [acme]"
_LOCK = "SELECT 1 FROM walkthroughs WHERE id = %s FOR NO KEY UPDATE"


@pytest.fixture
def synced(database, settings, tmp_path):
    """Two walkthroughs, and a commit that moves a step between them: one transaction writes both."""
    made = SyncedSource(database, settings, tmp_path / "content")
    made.author.write("a1", "a2", name="aa", head=_HEAD)
    made.author.write("b1", "b2", name="bb", head=_HEAD)
    made.sync()
    made.author.write("a2", name="aa", head=_HEAD)
    made.author.write(
        "a1", "b1", "b2", name="bb", head=f"{_HEAD}\nmoved: [{{from: aa/a1, to: a1}}]"
    )
    made.author.commit()
    yield made
    made.author.repository.close()


class ConcurrentWriter:
    """Another transaction, which takes the rows of two walkthroughs in the other order.

    It holds the second; when the sync is about to ask for that, it asks for the first, and
    waits for the sync. It never looks for a deadlock itself, so PostgreSQL ends the sync's
    transaction.
    """

    def __init__(self, synced, connection, first, second):
        self._room, self._connection, self._first, self._second = synced, connection, first, second
        self._thread = threading.Thread(target=self._take, args=(first,))
        self.met = 0
        with connection.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = '1h'")
        self._execute(second)

    def before_statement(self, _connection, _cursor, statement, parameters, *_):
        if (
            self.met
            or "FOR NO KEY UPDATE" not in statement
            or self._second not in parameters.values()
        ):
            return
        self.met += 1
        self._thread.start()
        until(self._waits)

    def end(self):
        self._thread.join()

    def _take(self, row_id):
        self._execute(row_id)
        self._connection.commit()

    def _execute(self, row_id):
        with self._connection.cursor() as cursor:
            cursor.execute(_LOCK, (row_id,))

    def _waits(self):
        pid = self._connection.info.backend_pid
        with closing(self._room.database.open_connection()) as watcher, watcher.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", (pid,))
            return cursor.fetchone() is not None


def test_a_sync_that_loses_a_deadlock_tries_again_and_makes_each_version_once(synced):
    lost = []
    ids = {name: synced.row(name).id for name in ("aa", "bb")}

    def note(context):
        lost.append(context.original_exception.pgcode)

    # The receiving walkthrough is written first, since it names the other.
    with closing(synced.database.open_connection()) as connection:
        writer_ = ConcurrentWriter(synced, connection, ids["bb"], ids["aa"])
        event.listen(synced.database.engine, "before_cursor_execute", writer_.before_statement)
        event.listen(synced.database.engine, "handle_error", note)
        run = synced.run()
        writer_.end()

    assert lost == ["40P01"]
    assert (run.outcome, len(run.plan.changes)) == ("applied", 2)
    assert numbers(synced) == [("aa", 1), ("aa", 2), ("bb", 1), ("bb", 2)]
    assert [run.outcome for run in synced.runs()] == ["applied", "applied"]
    assert synced.plan().changes == ()


def numbers(synced):
    query = text(
        "SELECT w.external_id, v.number FROM walkthrough_versions v"
        " JOIN walkthroughs w ON w.id = v.walkthrough_id ORDER BY 1, 2"
    )
    with synced.database.transaction() as session:
        return [tuple(row) for row in session.execute(query)]
