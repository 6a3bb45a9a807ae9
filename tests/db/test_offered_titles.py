"""A server tells what it offers, in its own order, and a learner what they have open there."""

import asyncio
from dataclasses import replace

from sqlalchemy import text

from tests.builders import content, learner, new_course, server, show, walkthrough
from tests.learners import Learner
from walkthroughs.database.prepared import Prepared
from walkthroughs.learning.offers import (
    FIND_OFFERED,
    LAST_OPEN,
    OFFERED_PAGE,
    find_offer,
    last_open,
    read_offers,
)
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

    def ask(work, who, *more):
        async def once():
            statements = OFFERED_PAGE, FIND_OFFERED, LAST_OPEN
            prepared = Prepared(database, statements, connections=1)
            try:
                return await work(prepared, who, *more)
            finally:
                prepared.close()

        return asyncio.run(once())

    with database.begin() as connection:  # what another organization had before changes no name
        connection.execute(
            text("UPDATE walkthroughs SET created_at = 1 WHERE organization_id = :org"),
            {"org": stranger.organization_id},
        )
    there = replace(caller, server_id=elsewhere)
    pages = [ask(read_offers, each, 1).offers for each in (caller, there, stranger)]
    assert [[each.title for each in page] for page in pages] == [
        ["Deploy", "Tea"], ["Tea", "Deploy"], ["Theirs"],
    ]  # fmt: skip
    assert ask(find_offer, caller, "deploy", None).title == "Deploy"
    assert ask(find_offer, caller, "tea", None).title == "Tea"
    assert ask(find_offer, caller, "hidden", None) is None
    assert ask(find_offer, stranger, "tea", None) is None
    assert {each.is_oldest for page in pages for each in page} == {True}

    with database.transaction() as session:
        max_ = replace(caller, learner_id=learner(session, org, "max@x.example").id)
        show(session, org, hidden, True)
    for who, which in ((caller, row), (caller, hidden), (max_, tea)):
        Learner(database, who, which).select()
    with database.transaction() as session:
        show(session, org, hidden, False)
    assert [ask(last_open, each).title for each in (caller, max_)] == ["Deploy", "Tea"]
    assert ask(last_open, stranger) is None
    with database.begin() as connection:
        connection.execute(text("UPDATE walkthrough_progress SET status = 'completed'"))
    assert ask(last_open, caller) is None

    with database.transaction() as session:  # the name means the older one, which is not here
        older = walkthrough(session, org, content(id="tea", title="Older"))
        session.execute(
            text("UPDATE walkthroughs SET created_at = 1 WHERE id = :id"), {"id": older}
        )
    assert ask(find_offer, caller, "tea", None) is None

    assert asyncio.run(offered(org, here)) == (["Deploy", "Tea"], 2)
    assert asyncio.run(offered(org, elsewhere)) == (["Tea", "Deploy"], 2)
    assert asyncio.run(offered(stranger.organization_id, here)) == ([], 0)
