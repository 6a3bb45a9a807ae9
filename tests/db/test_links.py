"""A personal link is one learner on one server: what ends one leaves all others."""

import asyncio

import pytest
from sqlalchemy import text

from tests.builders import organization, server
from walkthroughs.crypto import hash_token
from walkthroughs.database.prepared import Prepared
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.identity.links import create_link, list_links, revoke_links
from walkthroughs.mcp_server.tenant import FIND_TENANT, ServerAddress, TenantLookup

LEA, MAX = "lea@x.example", "max@x.example"


class Links:
    """Three links: of two learners, on two servers of one organization."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            org = organization(session)
            for slug in ("acme", "other"):
                server(session, org.id, slug)
            self.of = {
                (slug, email): create_link(session, slug, email)
                for slug, email in (("acme", LEA), ("acme", MAX), ("other", LEA))
            }

    def revoke(self, slug, email):
        with self.database.transaction() as session:
            return revoke_links(session, slug, email)

    def learner_of(self, slug, token):
        """Return the e-mail address of the learner whose link this is; none if the server does not know it."""

        async def call():
            prepared = Prepared(self.database, (FIND_TENANT,), connections=1)
            try:
                address = ServerAddress(slug=slug, token_hash=hash_token(token))
                return (await TenantLookup(prepared).ask(address)).learner_id
            finally:
                prepared.close()

        query = text("SELECT email FROM mcp_server_user WHERE id = :id")
        with self.database.transaction() as session:
            return session.scalar(query, {"id": asyncio.run(call())})

    def working(self):
        return {key for key, token in self.of.items() if self.learner_of(key[0], token) == key[1]}

    def revoked_at(self):
        with self.database.transaction() as session:
            return session.scalars(text("SELECT revoked_at FROM personal_links ORDER BY id")).all()


@pytest.fixture
def links(database):
    return Links(database)


def test_of_three_links_one_is_ended_and_two_still_work(links):
    assert links.working() == links.of.keys()
    assert links.revoke("acme", LEA) == 1

    assert links.working() == {("acme", MAX), ("other", LEA)}


def test_a_link_that_has_ended_is_not_counted_and_not_ended_again(links):
    links.revoke("acme", LEA)
    before = links.revoked_at()

    assert links.revoke("acme", LEA) == 0
    assert links.revoked_at() == before


def test_all_links_of_a_learner_on_a_server_end_together_and_a_new_one_works(links):
    with links.database.transaction() as session:
        create_link(session, "acme", LEA.upper())
    assert links.revoke("acme", LEA.title()) == 2
    with links.database.transaction() as session:
        links.of["acme", LEA] = create_link(session, "acme", LEA)

    assert links.working() == links.of.keys()
    assert links.revoke("acme", LEA) == 1


def test_a_link_is_for_its_own_server_only(links):
    assert links.learner_of("other", links.of["acme", MAX]) is None
    assert links.learner_of("acme", links.of["other", LEA]) is None


def test_a_learner_is_one_of_the_servers_own_organization(links):
    with links.database.transaction() as session:
        server(session, organization(session, "foreign").id, "foreign")
        token = create_link(session, "foreign", LEA)
        counted = session.scalar(text("SELECT count(*) FROM mcp_server_user"))

    assert counted == 3
    assert links.learner_of("foreign", token) == LEA
    assert links.revoke("foreign", LEA) == 1
    assert links.working() == links.of.keys()


def test_ending_links_of_nobody_ends_none(links):
    for slug, learner in (("nowhere", LEA), ("other", "lae@x.example")):
        with pytest.raises(NotFound):
            links.revoke(slug, learner)
    assert links.revoke("other", MAX) == 0
    assert links.working() == links.of.keys()


def test_links_are_listed_of_one_server_and_learner_by_learner(links):
    links.revoke("acme", MAX)
    with links.database.transaction() as session:
        listed = {slug: list_links(session, slug) for slug in ("acme", "other")}

    assert [(row.email, row.revoked_at is None) for row in listed["acme"]] == [
        (LEA, True),
        (MAX, False),
    ]
    assert [row.email for row in listed["other"]] == [LEA]


def test_a_link_needs_a_server_and_an_address(links):
    with links.database.transaction() as session:
        with pytest.raises(NotFound, match="nowhere"):
            create_link(session, "nowhere", LEA)
        for email in ("lea", "lea@x", "lea x@y.example", "a@b@c.example", f"{LEA}\n"):
            with pytest.raises(HandrailError, match="is not an e-mail address"):
                create_link(session, "acme", email)
