"""Two learners of one organization and one of another, for what pages read.

Sessions here are not limited to one organization, as that of a page is.
"""

from dataclasses import replace

from sqlalchemy import text

from tests.builders import content, learner, new_course, server, walkthrough
from tests.learners import Learner
from walkthroughs.identity.links import create_link
from walkthroughs.models import McpServerUser
from walkthroughs.publishing import assignments


class Room:
    """Lea and Max have begun the walkthrough of two servers, and a stranger that of another's."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            caller, row = new_course(session)
            stranger, theirs = new_course(session, content(title="Theirs"), slug="other")
            self.org, self.acme = caller.organization_id, caller.server_id
            self.foreign, self.foreign_server = stranger.organization_id, stranger.server_id
            self.beside = server(session, self.org, "beside").id
            assignments.assign(session, self.org, self.beside, [row])
            other = replace(caller, learner_id=learner(session, self.org, "max@x.example").id)
            for slug, who in (("acme", "lea"), ("acme", "max"), ("other", "lea")):
                create_link(session, slug, f"{who}@x.example")
        self.lea, self.max, self.stranger = (
            Learner(database, *each) for each in ((caller, row), (other, row), (stranger, theirs))
        )
        self.row = row
        for who in (self.lea, self.max, self.stranger):
            who.next(who.select().step.id)
        self.max.select(resume=False)

    def read(self, work, *arguments, **named):
        with self.database.transaction() as session:
            found = work(session, *arguments, **named)
            session.expunge_all()
            return found

    def named(self, who):
        with self.database.transaction() as session:
            found = session.get_one(McpServerUser, who.caller.learner_id)
            session.expunge_all()
            return found

    def change(self, what, **values):
        with self.database.begin() as connection:
            connection.execute(text(f"UPDATE {what}"), values)

    def add(self, name, *steps, **fields):
        wanted = content(*steps or ("uno",), id=name, title=name.title())
        with self.database.transaction() as session:
            return walkthrough(session, self.org, wanted, **fields)
