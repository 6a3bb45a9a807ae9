"""A server's own domain is served once its TXT record names the server."""

import asyncio
from dataclasses import replace

import pytest

from tests.builders import organization, server
from tests.dns_server import name_server
from walkthroughs.database.prepared import Prepared
from walkthroughs.errors import HandrailError
from walkthroughs.mcp_server.domains import verify
from walkthroughs.mcp_server.tenant import FIND_TENANT, ServerAddress, TenantLookup
from walkthroughs.models import McpServer

DOMAIN, RECORD = "learn.acme.example", "_handrail.learn.acme.example"


@pytest.fixture
def servers(database):
    """The ids of two servers of two organizations; both claim the domain."""
    with database.transaction() as session:
        made = [server(session, organization(session, slug).id, slug) for slug in ("acme", "other")]
        for each in made:
            each.custom_domain = DOMAIN
        return [each.id for each in made]


def prove(database, settings, server_id, resolver):
    with database.transaction() as session:
        verify(session, settings, session.get_one(McpServer, server_id), resolver)


def served(database):
    """Return the slug of the server that a request to the domain finds."""

    async def find():
        prepared = Prepared(database, (FIND_TENANT,), connections=1)
        try:
            found = await TenantLookup(prepared).find(ServerAddress(domain=DOMAIN))
        finally:
            prepared.close()
        return found.tenant and found.tenant.slug

    return asyncio.run(find())


def test_a_domain_is_served_after_its_owner_proved_it_and_nobody_elses_claim_counts(
    database, settings, servers
):
    acme, other = servers
    assert served(database) is None
    with name_server({RECORD: acme}) as resolver:
        with pytest.raises(
            HandrailError, match=rf"{RECORD} has no TXT record with the text {other}"
        ):
            prove(database, settings, other, resolver)
        prove(database, settings, acme, resolver)
    assert served(database) == "acme"

    with (
        name_server({RECORD: other}) as resolver,
        pytest.raises(HandrailError, match="Another server has"),
    ):
        prove(database, settings, other, resolver)
    assert served(database) == "acme"


def test_a_domain_without_a_record_and_a_name_server_that_is_silent_are_told(
    database, settings, servers
):
    with name_server({}) as resolver, pytest.raises(HandrailError, match="has no TXT record"):
        prove(database, settings, servers[0], resolver)
    resolver.lifetime = 0.1  # nobody is there any more
    with pytest.raises(HandrailError, match="did not answer"):
        prove(database, settings, servers[0], resolver)


def test_another_domain_has_to_be_proved_again(database, settings, servers):
    with name_server({RECORD: servers[0]}) as resolver:
        prove(database, settings, servers[0], resolver)
    with database.transaction() as session:
        row = session.get_one(McpServer, servers[0])
        row.custom_domain = DOMAIN
        assert row.domain_verified_at
        row.custom_domain = "other.example"
    with database.transaction() as session:
        assert session.get_one(McpServer, servers[0]).domain_verified_at is None


def test_where_domains_are_trusted_the_first_has_it(database, settings, servers):
    trusting = replace(settings, trust_domains=True)
    with name_server({}) as resolver:
        prove(database, trusting, servers[1], resolver)
        with pytest.raises(HandrailError, match="Another server has"):
            prove(database, trusting, servers[0], resolver)
    assert served(database) == "other"
