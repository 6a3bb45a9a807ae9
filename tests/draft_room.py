"""A walkthrough with a draft, and calls that are one transaction each."""

from tests.builders import DASHBOARD, content, organization, walkthrough
from tests.drafts import request
from walkthroughs.models import ContentSource
from walkthroughs.publishing import drafts, writer

ANN, BEN = "ann@acme.example", "ben@acme.example"


class Room:
    """A walkthrough, and calls that are one transaction each."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.org = organization(session).id
            self.row = walkthrough(session, self.org)

    def call(self, work, *arguments, **options):
        with self.database.transaction() as session:
            return work(session, self.org, self.row, *arguments, **options)

    def save(self, by, *changes, **more):
        return self.call(drafts.save, request(*changes, **more), by)

    def read(self):
        return self.call(drafts.read)

    def texts(self):
        return [step.text for step in self.read().draft.steps]

    def publish(self, *names, **fields):
        return self.call(writer.publish, content(*names, **fields), DASHBOARD)

    def adopt(self):
        with self.database.transaction() as session:
            source = ContentSource(organization_id=self.org, name="content", url="/srv/x")
            session.add(source)
            session.flush()
            writer.adopt(session, self.org, self.row, source.id)
