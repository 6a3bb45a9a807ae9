"""A learner is shown their own place once more where nothing is special; no other row changes."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import content, learner, server, walkthrough
from tests.learners import Learner, lea
from walkthroughs.crypto import hash_token
from walkthroughs.database.prepared import Prepared
from walkthroughs.identity.links import create_link
from walkthroughs.learning.shown_again import REPEAT, RESUME

__all__ = ["lea"]
NOW = 2**42


class Places:
    """Lea is on the second step of two walkthroughs of one digest, and Max on the first step.

    A third walkthrough is offered, which nobody has begun.
    """

    def __init__(self, lea):
        self.database, self.caller, self.row = lea.database, lea.caller, lea.row
        org, here = self.caller.organization_id, self.caller.server_id
        with self.database.transaction() as session:
            server(session, org, "elsewhere")
            self.other, _ = (
                walkthrough(session, org, content(*names, id=names[0]), server_id=here)
                for names in (("uno", "dos"), ("un", "deux"))
            )
            other_learner = replace(self.caller, learner_id=learner(session, org, "max@x.ex").id)
            links = [create_link(session, slug, "lea@x.example") for slug in ("acme", "elsewhere")]
        self.link, self.link_elsewhere = (hash_token(link) for link in links)
        for row in (self.row, self.other):
            Learner(self.database, other_learner, row).select()
            own = Learner(self.database, self.caller, row)
            own.next(own.select().step.id)
        self.change("walkthroughs SET digest = 'same', updated_at = 7")
        rows = self.read("SELECT external_id, id FROM walkthrough_steps")
        self.steps = {row.external_id: row.id for row in rows}

    def read(self, query):
        with self.database.begin() as connection:
            return connection.execute(text(query)).all()

    def change(self, what):
        with self.database.begin() as connection:
            connection.execute(text(f"UPDATE {what}"))

    def call(self, statement, *more):
        """Return what the statement returns, after which only Lea's place may have been shown."""
        self.change("walkthrough_progress SET active_at = 0")

        async def fetch():
            prepared = Prepared(self.database, (statement,), connections=1)
            caller = self.caller
            keys = caller.organization_id, caller.learner_id, caller.server_id
            try:
                return await prepared.fetch(statement, *keys, *more)
            finally:
                prepared.close()

        found = asyncio.run(fetch())
        shown = "SELECT mcp_server_user_id, walkthrough_id FROM walkthrough_progress"
        expected = [(self.caller.learner_id, self.row)] if found else []
        assert self.read(f"{shown} WHERE active_at > 0") == expected
        return found

    def resume(self, version=1, digest="same@7"):
        return self.call(RESUME, self.row, NOW, version, digest)

    def repeat(self, step, link=None):
        return self.call(REPEAT, self.steps.get(step, step), NOW, link, None)


@pytest.fixture
def places(lea):
    return Places(lea)


def test_one_place_of_one_learner_is_resumed_in_the_version_that_is_known(places):
    assert places.resume() == (places.steps["two"], [places.steps["one"]])
    assert places.resume(version=2) is None
    assert places.resume(digest="another") is None
    places.change("walkthrough_progress SET status = 'completed'")
    assert places.resume() is None


def test_a_step_call_is_repeated_in_the_walkthrough_of_its_step_by_a_link_of_this_server(places):
    shown = (places.row, 1, "same@7", places.steps["two"], [places.steps["one"]])
    assert places.repeat("one") == shown
    assert places.repeat("three", places.link) == shown
    assert places.repeat("two") is None  # it would complete it
    assert places.repeat("un") is None
    assert places.repeat("ws_nothing") is None
    assert places.repeat("one", places.link_elsewhere) is None
    assert places.repeat("one", "unknown") is None
    places.change("personal_links SET revoked_at = 1")
    assert places.repeat("one", places.link) is None
    places.change("walkthrough_progress SET status = 'completed'")
    assert places.repeat("one") is None
