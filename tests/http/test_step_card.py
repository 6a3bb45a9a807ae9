"""The step card: which tools name it, who may read it, and what it may load."""

from __future__ import annotations

import re
from typing import Any

from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID

from tests.refusing import connections_refused
from tests.serving import ServedServer
from tests.talking import ERAS, refusal, talk
from walkthroughs.models import McpServer
from walkthroughs.settings import Settings

_FLAT = "ui/resourceUri"
#: The address of a page of another release.
_OLD = "ui://handrail/step-0123456789ab.html"


async def _card(client: Any) -> tuple[dict[str, str], Any, Any]:
    """Return which tools name a card, the answer that it is read with, and what is announced."""
    tools = {tool.name: tool.meta for tool in (await client.list_tools()).tools}
    named = {name: meta["ui"]["resourceUri"] for name, meta in tools.items() if "ui" in meta}
    assert named == {name: meta[_FLAT] for name, meta in tools.items() if _FLAT in meta}
    (uri,) = set(named.values())
    return named, await client.read_resource(uri), client.server_capabilities.extensions


@ERAS
def test_two_tools_name_a_page_that_everybody_reads_and_that_is_about_nobody(
    course_server: ServedServer, settings: Settings, mode: str
) -> None:
    named, read, announced = talk(course_server.address, _card, mode)
    _, read_by_nobody, _ = talk(course_server.anonymous, _card, mode)
    (page,) = read.contents

    assert set(named) == {"select_walkthrough", "next_walkthrough_step"}
    # The handshake versions of the protocol have no place for it; their hosts go by the tools.
    assert announced == ({EXTENSION_ID: {}} if mode == "auto" else None)
    assert re.fullmatch(r"ui://handrail/step-[0-9a-f]{12}\.html", page.uri)
    assert page.mime_type == APP_MIME_TYPE
    assert page.text.startswith("<!doctype html>")
    assert page.meta["ui"]["csp"] == {"resourceDomains": [settings.base_url]}
    assert not re.search(r"<script src|<link|@import", page.text)
    assert course_server.token not in page.text
    assert read_by_nobody == read


def test_it_is_listed_once_behind_the_walkthroughs(course_server: ServedServer) -> None:
    async def listed(client: Any) -> Any:
        return (await client.list_resources()).resources

    *_, card = talk(course_server.address, listed)

    assert (card.name, card.mime_type) == ("step-card", APP_MIME_TYPE)
    assert card.uri in talk(course_server.address, _card)[0].values()


def test_a_client_with_an_old_list_of_tools_gets_the_page_of_today(
    course_server: ServedServer,
) -> None:
    read = talk(course_server.address, lambda client: client.read_resource(_OLD))
    today = talk(course_server.address, _card)[1]

    assert (read.contents[0].uri, read.contents[0].text) == (_OLD, today.contents[0].text)
    assert (read.ttl_ms, today.ttl_ms) == (0, 86_400_000)
    for other in ("ui://handrail/step-.html", "ui://other/step-0123456789ab.html", f"{_OLD}?x"):
        error = refusal(course_server.address, lambda client, uri=other: client.read_resource(uri))
        assert "nothing to read" in str(error)


def test_a_server_that_is_switched_off_has_none(course_server: ServedServer) -> None:
    with course_server.database.transaction() as session:
        session.get(McpServer, course_server.caller.server_id).walkthrough_tools_enabled = False
    error = refusal(course_server.address, lambda client: client.read_resource(_OLD))
    listed = talk(course_server.address, lambda client: client.list_resources())

    assert "nothing to read" in str(error)
    assert listed.resources == []


def test_while_the_database_is_away_it_is_announced_and_can_be_read_later(
    course_server: ServedServer, postgres: str
) -> None:
    async def met(client: Any) -> Any:
        tools = (await client.list_tools()).tools
        return client.server_capabilities.extensions, [tool.meta.get(_FLAT) for tool in tools]

    with connections_refused(postgres):
        announced, named = talk(course_server.address, met)
        error = refusal(course_server.address, lambda client: client.read_resource(_OLD))

    assert "Nothing was lost" in str(error)
    assert announced == {EXTENSION_ID: {}}
    assert set(named) == {None, talk(course_server.address, _card)[1].contents[0].uri}
