"""The titles that a server tells at the beginning are those that it offers, in its own order."""

import asyncio

from tests.builders import content, new_course, server, show, walkthrough
from walkthroughs.database.prepared import Prepared
from walkthroughs.mcp_server.tenant import OFFERED
from walkthroughs.publishing import assignments


def test_titles_are_of_what_this_server_offers_in_its_order_and_of_nothing_hidden(database):
    with database.transaction() as session:
        caller, row = new_course(session)
        org, here = caller.organization_id, caller.server_id
        elsewhere = server(session, org, "elsewhere").id
        hidden, off, tea = (
            walkthrough(session, org, content(id=name, title=name.title()), server_id=here)
            for name in ("hidden", "off", "tea")
        )
        show(session, org, hidden, False)
        assignments.switch(session, org, here, off, is_enabled=False)
        assignments.assign(session, org, elsewhere, [tea, row])
        stranger, _ = new_course(session, content(title="Theirs"), slug="other")

    async def offered(*keys):
        prepared = Prepared(database, (OFFERED,), connections=1)
        try:
            return await prepared.fetch(OFFERED, *keys)
        finally:
            prepared.close()

    assert asyncio.run(offered(org, here)) == (["Deploy", "Tea"], 2)
    assert asyncio.run(offered(org, elsewhere)) == (["Tea", "Deploy"], 2)
    assert asyncio.run(offered(stranger.organization_id, here)) == ([], 0)
