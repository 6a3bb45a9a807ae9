"""A worker is killed with -9 at any place of a run; the next run mends it.

What a transaction has done is gone until its commit, so all places between two commits leave
the same rows: here a worker dies before each commit, and `make endurance` takes every statement.
"""

import multiprocessing
import os
import signal
from itertools import count

import pytest
from sqlalchemy import event, text

from sync.sync_source import sync_source
from tests.authors import Course
from tests.waiting import PATIENCE
from walkthroughs.database import bulk_copy
from walkthroughs.database.pool import connect
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache

_ROWS = {
    "walkthroughs": """
        SELECT external_id, title, version, is_published, step_count, archived_at IS NULL, digest,
               folder, git_tree IS NULL
          FROM walkthroughs WHERE organization_id = :id ORDER BY external_id""",
    "steps": """
        SELECT w.external_id, s.external_id, s.revision, s.title, s.content, s.display_order,
               s.archived_at IS NULL, n.external_id
          FROM walkthrough_steps s JOIN walkthroughs w ON w.id = s.walkthrough_id
          LEFT JOIN walkthrough_steps n ON n.id = s.next_step_id
         WHERE s.organization_id = :id ORDER BY 1, 2, 3""",
    "versions": """
        SELECT w.external_id, v.number, v.level, v.summary, jsonb_array_length(v.step_ids)
          FROM walkthrough_versions v JOIN walkthroughs w ON w.id = v.walkthrough_id
         WHERE v.organization_id = :id ORDER BY 1, 2""",
    "assignments": """
        SELECT w.external_id, m.display_order, m.is_enabled FROM mcp_server_walkthroughs m
          JOIN walkthroughs w ON w.id = m.walkthrough_id
         WHERE m.organization_id = :id ORDER BY 1""",
    "progress": """
        SELECT status::text, version, jsonb_array_length(completed_steps)
          FROM walkthrough_progress WHERE organization_id = :id""",
    "source": """
        SELECT synced_commit IS NOT NULL, synced_commit = newest_commit, problems::text, error
          FROM content_sources WHERE organization_id = :id""",
}


def run_and_die(url, settings, source_id, at, told):
    """Run in a process of its own; die before the statement or commit number *at*.

    Who lives to the end tells over the pipe *told* which numbers were commits.
    """
    database, ticks = connect(url), []

    def tick(kind):
        ticks.append(kind)
        if len(ticks) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", lambda *_: tick("statement"))
    event.listen(database.engine, "commit", lambda *_: tick("commit"))
    send = bulk_copy.send
    bulk_copy.send = lambda *arguments: (
        tick("statement") or send(*arguments)
    )  # no event tells of a COPY
    sync_source(database, settings, source_id)
    told.send([number for number, kind in enumerate(ticks, 1) if kind == "commit"])
    os._exit(0)


class KilledRun:
    """A source with a learner on it, and a commit that creates, changes, reorders and archives."""

    def __init__(self, database, settings, folder, number):
        self.synced = Course(database, settings, folder / f"story{number}", slug=f"acme-{number}")
        self.head = f"status: published\nservers: [acme-{number}]"
        for name in ("keep", "gone", "other"):
            self.synced.author.write("one", "two", "three", name=name, head=self.head)
        self.synced.sync()
        view = progress.select(
            database, ContentCache(), self.synced.caller, self.synced.row("keep").id, resume=True
        )
        self.synced.next(view.step.id)
        write = self.synced.author.write
        write("three", ("one", "revision: 2\n", "Again."), "new", name="keep", head=self.head)
        write("solo", name="fresh", head=self.head)
        write("one", "two", "three", name="other", head="status: draft")
        for path in sorted(
            (self.synced.author.folder / "walkthroughs/gone").rglob("*"), reverse=True
        ):
            path.unlink() if path.is_file() else path.rmdir()
        self.synced.author.commit()

    def rows(self):
        owner = {"id": self.synced.caller.organization_id}
        with self.synced.database.transaction() as session:
            return {
                name: [tuple(row) for row in session.execute(text(query), owner)]
                for name, query in _ROWS.items()
            }

    def finish(self):
        sync_source(self.synced.database, self.synced.settings, self.synced.source_id)
        self.synced.author.repository.close()
        return self.rows()


class Killer:
    """Makes a course, kills its next run at one place, and compares what the run after it leaves."""

    def __init__(self, database, postgres, settings, folder):
        self.database, self.postgres, self.settings = database, postgres, settings
        self.folder, self.numbers = folder, count()
        self.processes = multiprocessing.get_context("forkserver")
        self.processes.set_forkserver_preload(["sync.sync_source"])
        self.expected = self.course().finish()

    def course(self):
        return KilledRun(self.database, self.settings, self.folder, next(self.numbers))

    def kill(self, at):
        """Return the numbers of the commits if the run had ended before place *at*."""
        course = self.course()
        listening, told = self.processes.Pipe(duplex=False)
        victim = self.processes.Process(
            target=run_and_die,
            args=(self.postgres, self.settings, course.synced.source_id, at, told),
        )
        victim.start()
        told.close()
        victim.join(PATIENCE)
        survived = victim.exitcode == 0
        assert survived or victim.exitcode == -signal.SIGKILL
        assert course.finish() == self.expected, f"killed before statement {at}"
        return listening.recv() if survived else None


@pytest.mark.timeout(900)
def test_killed_before_any_commit_the_next_run_ends_where_an_uninterrupted_one_does(
    database, postgres, settings, tmp_path
):
    killer = Killer(database, postgres, settings, tmp_path)
    commits = killer.kill(0)
    assert len(commits) > 5, "the run has fewer commits than it takes"
    places = [1, *commits]
    if os.environ.get("HANDRAIL_ENDURANCE"):
        places = list(range(1, commits[-1] + 1))

    # One run may have a statement or two less than another, and then lives to its end.
    survived = [at for at in places if killer.kill(at) is not None]
    assert set(survived) <= set(places[-2:])
