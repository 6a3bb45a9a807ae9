"""A source between whose walkthroughs steps move."""

import pytest
from sqlalchemy import text

from tests.authors import SyncedSource
from walkthroughs.learning import catalog, progress
from walkthroughs.learning.content_cache import ContentCache


class MovingSource(SyncedSource):
    """A source with some walkthroughs; steps are named by their author ids."""

    slug = "acme"

    def edit(self, **walkthroughs):
        """Write walkthroughs, each a list of steps and perhaps of records; commit and sync."""
        for name, (steps, *records) in walkthroughs.items():
            slug = f"servers: [{self.slug}]"
            moved = [f"  - {{from: {old}, to: {new}}}" for old, new in records]
            lines = ["status: published", slug, *(["moved:"] if moved else []), *moved]
            self.author.write(*steps, name=name, head="\n".join(lines))
        before = self.progress_rows()
        run = self.sync()
        if run.plan.approval_reasons:
            run = self.run(approved_fingerprint=run.plan.fingerprint)
        assert self.progress_rows() == before, "a sync writes no progress"
        return run

    def open(self, name, *, resume=True):
        return progress.select(
            self.database, ContentCache(), self.caller, self.row(name).id, resume=resume
        )

    def complete(self, name, *titles):
        """Go on in the walkthrough until the steps are done, which come next in this order."""
        for title in titles:
            view = self.open(name)
            assert view.step.title == title
            self.next(view.step.id)

    def reset(self, name):
        progress.reset(self.database, ContentCache(), self.caller, self.row(name).id)

    def look(self, name):
        return progress.status(self.database, ContentCache(), self.caller, self.row(name).id)

    def done(self, name):
        """The titles of the steps that are done, the same in status and list."""
        status = self.look(name)
        done = [line.title for line in status.steps if line.completed]
        cards = {
            card.id: card for card in catalog.list_walkthroughs(self.database, self.caller).cards
        }
        assert cards[self.row(name).id].completed_steps == len(done)
        return done

    def completed(self):
        """(walkthrough, step) of each completion that the learner has, live or not."""
        names = {row: name for name, row in self.rows().items()}
        rows = self.progress_rows()
        return {names[step] for row in rows for step in row.completed_steps}

    def rows(self):
        """(walkthrough, step) -> row id."""
        query = text(
            "SELECT w.external_id, s.external_id, s.id FROM walkthrough_steps s"
            " JOIN walkthroughs w ON w.id = s.walkthrough_id ORDER BY s.revision"
        )
        with self.database.transaction() as session:
            return {(walkthrough, step): row for walkthrough, step, row in session.execute(query)}


@pytest.fixture
def synced(database, settings, tmp_path, kept_sources):
    """Two walkthroughs, of which the learner has done the first step of one."""
    made = kept_sources.course(MovingSource, "moving", _begin, database, settings, tmp_path)
    yield made
    made.author.repository.close()


def _begin(made):
    made.edit(aa=(["a1", "a2", "a3"],), bb=(["b1", "b2"],))
    made.complete("aa", "A1")


def start_over(synced, name, again):
    if again == "reset":
        synced.reset(name)
    else:
        synced.open(name, resume=False)


def attempts(synced):
    query = text(
        "SELECT w.external_id, a.completed_steps FROM walkthrough_attempts a"
        " JOIN walkthroughs w ON w.id = a.walkthrough_id"
    )
    names = {row: name for name, row in synced.rows().items()}
    with synced.database.transaction() as session:
        return [
            (walkthrough, [names[step] for step in steps])
            for walkthrough, steps in session.execute(query)
        ]
