"""The wait for the first call of an assistant, from the call to the page that shows it."""

import asyncio

import pytest
from mcp import Client

from app import build_app
from tests.dashboard import app, owner, said, site
from tests.serving import served
from walkthroughs.identity.links import create_link
from walkthroughs.ids import now_ms
from walkthroughs.models import McpServer, ServerCall

__all__ = ["app", "owner", "site"]
CONNECT = "/o/acme/admin/servers/acme/?tab=connect"
PART = "/o/acme/admin/servers/acme/last-call"


@pytest.fixture
def calls(app, settings, site, database):
    """Return what makes the calls of one assistant that names itself, and what is noted."""

    def noted():
        with database.transaction() as session:
            row = session.query(ServerCall).one_or_none()
            return row and (row.client, row.listed, row.organization_id)

    async def talk(address, mode, conversation):
        async with Client(address, mode=mode) as client:
            return await conversation(client)

    with served(build_app(settings, app)) as origin:

        def run(conversation, mode="auto", path="/s/acme/mcp"):
            return asyncio.run(talk(f"{origin}{path}", mode, conversation))

        yield run, noted


async def connect(client):
    return None


async def list_all(client):
    return await client.call_tool("list_walkthroughs", {})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_page_that_waits_shows_who_called_and_what_they_were_told_of(owner, calls, mode, site):
    run, noted = calls
    shown = said(owner.get(CONNECT))
    assert "Waiting for the first call…" in shown
    assert f'hx-get="{PART}?since=' in shown
    since = now_ms()
    assert owner.get(f"{PART}?since={since}&shown=begun").status_code == 204
    run(connect, mode)
    assert noted()[1:] == (None, site["acme"][0])
    assert "Now ask it" in said(owner.get(f"{PART}?since={since}&shown=begun"))
    assert owner.get(f"{PART}?since={since}&shown=connected").status_code == 204
    run(list_all, mode)
    part = said(owner.get(f"{PART}?since={since}&shown=connected"))
    assert "listed 1 walkthrough, " in part
    assert "hx-get" not in part  # it asks no more
    assert "listed 1 walkthrough, " in said(owner.get("/o/acme/admin/servers/"))


def test_calls_for_steps_write_nothing_and_others_once_a_minute(app, calls, database, site):
    run, noted = calls
    with app.app_context(), database.transaction() as session:
        token = create_link(session, "acme", "lea@x.example")

    async def learn(client):
        await client.call_tool("select_walkthrough", {"walkthrough_id": site["acme"][2]})
        await client.call_tool("next_walkthrough_step", {})

    path = f"/s/acme/mcp/u/{token}"
    run(connect, path=path)
    assert noted()
    with database.transaction() as session:
        session.query(ServerCall).delete()
    run(learn, path=path)
    assert noted() is None
    run(list_all, path=path)
    assert noted()[1] == 1
    with database.transaction() as session:
        session.query(ServerCall).delete()
    run(list_all, path=path)
    assert noted() is None


def test_who_waits_for_long_reads_what_it_may_be_and_the_page_stops_asking(owner, site, database):
    with database.transaction() as session:
        session.get_one(McpServer, site["acme"][1]).walkthrough_tools_enabled = False
    late = said(owner.get(f"{PART}?since={now_ms() - 61_000}&shown=begun"))
    assert "This server is off" in late
    assert "works only on the machine" in late
    assert 'hx-trigger="every 3s"' in late
    stopped = said(owner.get(f"{PART}?since={now_ms() - 601_000}&shown=late"))
    assert "Wait again" in stopped
    assert "hx-get" not in stopped
    for nonsense in ("", "x", "-1", "9" * 40):
        assert owner.get(f"{PART}?since={nonsense}&shown=begun").status_code == 204
