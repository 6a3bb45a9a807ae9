"""Whoever connects is told what this server offers, and of nothing else."""

from __future__ import annotations

import httpx
import pytest

from tests.builders import content, new_course, organization, server, walkthrough
from tests.http.posting import ask
from tests.serving import ServedServer
from walkthroughs.identity.links import create_link
from walkthroughs.publishing import assignments

INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


@pytest.fixture
def crowded(course_server: ServedServer) -> ServedServer:
    """The course's server beside another one of the organization and one of another."""
    org, here = course_server.caller.organization_id, course_server.caller.server_id
    with course_server.database.transaction() as session:
        there = server(session, org, "acme-2").id
        walkthrough(session, org, content(id="w2", title="Elsewhere"), server_id=there)
        walkthrough(session, org, content(id="w3", title="Unassigned"))
        walkthrough(session, org, content(id="w4", title="Hidden"), published=False, server_id=here)
        new_course(session, content(id="w5", title="Foreign"), slug="other")
        organization(session, "empty")
    return course_server


def instructions(answer: httpx.Response) -> str:
    return str(answer.json()["result"]["instructions"])


def test_instructions_name_what_the_server_offers_and_nothing_else(crowded: ServedServer) -> None:
    told = instructions(ask(crowded.address, "legacy", "initialize", **INITIALIZE))

    assert "Deploy" in told
    for title in ("Elsewhere", "Unassigned", "Hidden", "Foreign"):
        assert title not in told


def test_another_server_of_the_organization_names_its_own(crowded: ServedServer) -> None:
    address = f"{crowded.origin}/s/acme-2/mcp"
    told = instructions(ask(address, "legacy", "initialize", **INITIALIZE))

    assert "Elsewhere" in told
    assert "Deploy" not in told


def test_each_title_is_named_once_and_in_the_order_of_this_server(crowded: ServedServer) -> None:
    org, here = crowded.caller.organization_id, crowded.caller.server_id
    with crowded.database.transaction() as session:
        there = server(session, org, "acme-3").id
        made = {
            title: walkthrough(session, org, content(id=title.lower(), title=title), server_id=here)
            for title in ("Second", "Third")
        }
        assignments.assign(session, org, there, [made["Third"], made["Second"]])
    for slug, order in (("acme", ("Deploy", "Second", "Third")), ("acme-3", ("Third", "Second"))):
        told = instructions(
            ask(f"{crowded.origin}/s/{slug}/mcp", "legacy", "initialize", **INITIALIZE)
        )

        assert [told.count(title) for title in order] == [1] * len(order)
        assert sorted(order, key=told.index) == list(order)


@pytest.mark.parametrize("slug", ["acme", "acme-2", "other"])
def test_a_link_of_another_server_opens_no_server(crowded: ServedServer, slug: str) -> None:
    with crowded.database.transaction() as session:
        links = {
            each: create_link(session, each, "max@x.example")
            for each in ("acme", "acme-2", "other")
        }
    for name, token in links.items():
        answer = ask(f"{crowded.origin}/s/{slug}/mcp/u/{token}", "legacy", "tools/list")
        assert answer.status_code == (200 if name == slug else 404)
    unknown = ask(f"{crowded.origin}/s/{slug}/mcp/u/{'x' * 43}", "legacy", "tools/list")
    assert unknown.status_code == 404
