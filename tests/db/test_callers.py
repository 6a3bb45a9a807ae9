"""Which calls count as one caller's, as far as is known without asking the database."""

import asyncio

import pytest

from tests.builders import organization, server, sign_in
from walkthroughs.crypto import hash_token
from walkthroughs.database.prepared import Prepared
from walkthroughs.enums import AuthType, TokenKind
from walkthroughs.identity.links import create_link, revoke_links
from walkthroughs.mcp_server.tenant import FIND_TENANT, ServerAddress, TenantLookup
from walkthroughs.models import McpServer, McpServerUser, OAuthGrant, OAuthToken

NEVER = 2**52  # far ahead
LEA, MAX = "lea@x.example", "max@x.example"
HERE, THERE = "192.0.2.1", "192.0.2.2"


class Callers:
    """Two learners at a server without sign-in and at one with it, and who calls."""

    def __init__(self, database, directory):
        self.database, self.directory = database, directory

    def link(self, email=LEA, slug="acme"):
        with self.database.transaction() as session:
            return ServerAddress(slug, token_hash=hash_token(create_link(session, slug, email)))

    def token(self, slug, who):
        with self.database.transaction() as session:
            row = session.query(McpServer).filter_by(slug=slug).one()
            grant = sign_in(session, row, session.get_one(McpServerUser, who))
            token = OAuthToken(
                organization_id=row.organization_id,
                oauth_grant_id=grant.id,
                kind=TokenKind.ACCESS,
                token_hash=hash_token(grant.id),
                expires_at=NEVER,
            )
            session.add(token)
        return ServerAddress(slug, bearer_hash=hash_token(grant.id)), grant.id

    def revoke(self, grant_id):
        with self.database.transaction() as session:
            session.get_one(OAuthGrant, grant_id).revoked_at = 1

    async def seen(self, *addresses, host=HERE):
        """Return the turns of *addresses* after each was looked up."""
        for address in addresses:
            await self.directory.ask(address)
        return [self.directory.turn(address, host) for address in addresses]


@pytest.fixture
def check(database):
    """Run a check in an event loop: it is given the callers."""
    with database.transaction() as session:
        org = organization(session)
        server(session, org.id, "acme")
        server(session, org.id, "signs-in", auth_type=AuthType.OAUTH)

    def run(work):
        async def call():
            prepared = Prepared(database, (FIND_TENANT,), connections=1)
            try:
                await work(Callers(database, TenantLookup(prepared)))
            finally:
                prepared.close()

        asyncio.run(call())

    return run


def test_all_links_and_tokens_of_a_learner_are_one_caller_once_they_were_seen(check):
    async def work(callers):
        first, second, of_max = callers.link(), callers.link(), callers.link(MAX)
        turns = await callers.seen(first, second, of_max, callers.link(slug="signs-in"))
        (_, lea) = turns[0]
        token, _ = callers.token("signs-in", lea)
        turns += await callers.seen(token, host=THERE)
        assert len({group for group, _ in turns}) == 1
        assert [who == lea for _, who in turns] == [True, True, False, True, True]

    check(work)


def test_links_that_were_not_seen_are_apart_and_no_organizations(check):
    async def work(callers):
        await callers.seen(ServerAddress("acme"))
        first, second = callers.link(), callers.link()
        turns = [callers.directory.turn(each, HERE) for each in (first, second)]
        assert turns == [("", first.token_hash), ("", second.token_hash)]

    check(work)


def test_a_token_that_proves_nothing_makes_no_other_caller_of_a_host(check):
    async def work(callers):
        made_up = [hash_token(str(number)) for number in range(3)]
        for slug, is_known in (("acme", True), ("signs-in", False), ("nowhere", False)):
            addresses = [ServerAddress(slug, bearer_hash=each) for each in made_up]
            turns = await callers.seen(*addresses)
            assert len(set(turns)) == 1, slug
            assert bool(turns[0][0]) is is_known
            assert turns[0][1] != callers.directory.turn(addresses[0], THERE)[1]
        anonymous = callers.directory.turn(ServerAddress("acme"), HERE)
        assert anonymous == callers.directory.turn(ServerAddress("acme", bearer_hash="0"), HERE)
        slugs = [ServerAddress(f"x{number}") for number in range(3)]
        assert len(set(await callers.seen(*slugs))) == 1

    check(work)


def test_who_has_a_link_or_a_token_that_has_ended_is_not_the_learner(check):
    async def work(callers):
        link = callers.link()
        ((group, lea),) = await callers.seen(link)
        token, grant = callers.token("signs-in", lea)
        assert await callers.seen(token) == [(group, lea)]
        with callers.database.transaction() as session:
            revoke_links(session, "acme", LEA)
        callers.revoke(grant)
        assert [each for each, _ in await callers.seen(link, token)] == ["", ""]

    check(work)
