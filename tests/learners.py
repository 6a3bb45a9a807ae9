"""A learner in one walkthrough, through the database."""

import pytest

from tests.builders import DASHBOARD, content, new_course, walkthrough
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.publishing import writer

#: Of this process; a version of one test is never that of another.
CACHE = ContentCache()


class Learner:
    """One learner in one walkthrough; steps are named by their titles."""

    def __init__(self, database, caller, row):
        self.database, self.caller, self.row = database, caller, row

    def select(self, *, resume=True):
        return progress.select(self.database, CACHE, self.caller, self.row, resume=resume)

    def next(self, step_id=None):
        return progress.advance(self.database, CACHE, self.caller, step_id)

    def status(self):
        return progress.status(self.database, CACHE, self.caller, self.row)

    def edit(self, wanted):
        with self.database.transaction() as session:
            writer.publish(session, self.caller.organization_id, self.row, wanted, DASHBOARD)

    def add_other(self):
        """Offer another walkthrough, of the steps "Uno" and "Dos"; return its row."""
        with self.database.transaction() as session:
            return walkthrough(
                session,
                self.caller.organization_id,
                content("uno", "dos", id="other"),
                server_id=self.caller.server_id,
            )

    def done(self):
        return [line.title for line in self.status().steps if line.completed]


@pytest.fixture
def lea(database):
    with database.transaction() as session:
        caller, row = new_course(session)
    return Learner(database, caller, row)
