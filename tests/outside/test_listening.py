"""Official clients of both eras read a list again when it has changed, and at no other time."""

from contextlib import ExitStack
from functools import partial

import pytest

from app import add_pages, build_app, create_app
from tests.builders import DASHBOARD, content, new_course
from tests.outside.listening import listening_client
from tests.serving import served
from tests.waiting import PATIENCE, until
from walkthroughs.identity.links import create_link
from walkthroughs.publishing import writer

#: One of each SDK and era.
_CLIENTS = ("typescript-1", "typescript-2-auto", "mcp-2-auto")


@pytest.mark.behaviour("B21")
def test_official_clients_read_their_lists_again_after_a_publish(database, settings):
    with database.transaction() as session:
        caller, row = new_course(session, content())
        new_course(session, content(), "other")
        links = {slug: create_link(session, slug, "lea@x.example") for slug in ("acme", "other")}
    with (
        served(build_app(settings, add_pages(create_app(settings)))) as origin,
        ExitStack() as stack,
    ):

        def start(name, slug):
            address = f"{origin}/s/{slug}/mcp/u/{links[slug]}"
            return stack.enter_context(listening_client(name, address))

        mine = [start(name, "acme") for name in _CLIENTS]
        stranger = start("typescript-2-auto", "other")
        for client in (*mine, stranger):
            assert client.is_ready.wait(PATIENCE), client.name
        for number in range(3):
            with database.transaction() as session:
                wanted = content(title=f"Number {number}")
                writer.publish(session, caller.organization_id, row, wanted, DASHBOARD)
            until(partial(_all_have, mine, f"Number {number}"))

    assert stranger.heard == []
    assert {each["list"] for client in mine for each in client.heard} == {"prompts", "resources"}


def _all_have(clients, words):
    return all(
        each.first_with(name, words) for each in clients for name in ("prompts", "resources")
    )
