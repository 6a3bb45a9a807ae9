"""A server's page: names that it cannot have, and the way to a domain of its own."""

import re

import pytest

from tests.dashboard import Visitor, app, owner, said, site
from walkthroughs.models import McpServer

__all__ = ["app", "owner", "site"]


def edit(owner, server_id, organization="acme", **fields):
    page = f"/o/{organization}/admin/tables/mcp_servers/edit/?id={server_id}"
    given = {"name": "Acme", "slug": "acme", "pace_seconds": "5"} | fields
    return owner.post(page, **given)


def stored(database, server_id):
    with database.transaction() as session:
        row = session.get_one(McpServer, server_id)
        return row.slug, row.custom_domain, row.domain_verified_at


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"slug": "www"}, "is reserved"),
        ({"slug": "Acme!"}, "small letters"),
        ({"custom_domain": "localhost"}, "Give a host name"),
        ({"custom_domain": "127.0.0.1"}, "Give a host name"),
        ({"custom_domain": "x.localhost"}, "Give a host name"),
        ({"custom_domain": "a.example\nb.example"}, "Give a host name"),
    ],
)
def test_a_name_that_a_server_cannot_have_is_refused(owner, site, database, fields, words):
    server_id = site["acme"][1]
    assert words in said(edit(owner, server_id, **fields))
    assert stored(database, server_id) == ("acme", None, None)


def test_a_domain_is_saved_and_the_page_says_how_to_prove_it(owner, site, database):
    server_id = site["acme"][1]
    assert edit(owner, server_id, custom_domain="Learn.Acme.Example").status_code == 302
    assert stored(database, server_id) == ("acme", "learn.acme.example", None)
    page = said(owner.get(f"/o/acme/admin/tables/mcp_servers/details/?id={server_id}"))
    assert "_handrail.learn.acme.example" in page
    assert server_id in page
    assert re.search(r'action="/o/acme/admin/tables/mcp_servers/verify/\?id=', page)


def test_two_organizations_may_claim_one_domain_until_it_is_proved(app, site, owner, database):
    other = Visitor(app)
    other.sign_in("owner@other.example", site["other"][3])
    for visitor, slug in ((owner, "acme"), (other, "other")):
        answer = edit(visitor, site[slug][1], slug, slug=slug, custom_domain="learn.example")
        assert answer.status_code == 302
    with database.transaction() as session:
        session.get_one(McpServer, site["acme"][1]).domain_verified_at = 1
    assert stored(database, site["other"][1]) == ("other", "learn.example", None)
