"""Clients that run in a browser: which pages may call, and what they can read."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from starlette.applications import Starlette

from tests.builders import new_course
from tests.http.posting import post
from tests.serving import CONTENT, ServedServer, served
from walkthroughs.mcp_server.endpoint import build_endpoint

ALLOW = "access-control-allow-origin"
WORKBENCH = "https://workbench.example:8443"


@pytest.fixture
def course_server(database, settings) -> ServedServer:
    settings = replace(settings, allowed_origins=frozenset({WORKBENCH}))
    endpoint = build_endpoint(database, settings)
    app = Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan())
    with database.transaction() as session:
        caller, row = new_course(session, CONTENT)
    with served(app) as origin:
        yield ServedServer(origin, database, "acme", caller, row)


def preflight(url: str, origin: str, method: str = "POST") -> httpx.Response:
    wanted = "authorization,content-type,last-event-id,mcp-method,mcp-param-x,mcp-protocol-version"
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": wanted,
    }
    return httpx.options(url, headers=headers)


@pytest.mark.parametrize(
    ("origin", "by_link", "by_all"),
    [
        ("http://localhost:6274", True, True),
        ("http://127.0.0.1:6274", True, True),
        (WORKBENCH, True, True),
        ("null", True, False),
        ("vscode-file://vscode-app", True, False),
        ("app://obsidian.md", True, False),
        ("https://workbench.example", False, False),
        ("https://evil.example", False, False),
        ("application://evil.example", False, False),
        ("https://app:x@evil.example", False, False),
        ("http://[", False, False),
        ("", False, False),
    ],
)
def test_exactly_the_admitted_pages_may_call_and_read(
    course_server: ServedServer, origin: str, by_link: bool, by_all: bool
) -> None:
    for url, admitted in ((course_server.address, by_link), (course_server.anonymous, by_all)):
        asked, answered = preflight(url, origin), post(url, origin=origin)
        shown = origin if admitted else None
        assert asked.status_code == answered.status_code == (200 if admitted else 403)
        assert asked.headers.get(ALLOW) == answered.headers.get(ALLOW) == shown
        assert not admitted or "Origin" in answered.headers["vary"]


def test_a_preflight_allows_the_methods_and_headers_of_mcp_clients(
    course_server: ServedServer,
) -> None:
    for method in ("POST", "GET", "DELETE"):
        answer = preflight(course_server.address, WORKBENCH, method)
        allowed = answer.headers["access-control-allow-headers"].split(",")
        assert answer.status_code == 200
        assert method in answer.headers["access-control-allow-methods"]
        assert {"authorization", "content-type", "last-event-id", "mcp-param-x"} <= set(allowed)
        assert "access-control-allow-credentials" not in answer.headers


def test_a_page_can_read_refusals_too(course_server: ServedServer) -> None:
    for url, method, status in (
        (f"{course_server.anonymous}/u/wrong", "POST", 404),
        (course_server.address, "GET", 405),
        (f"{course_server.origin}/.well-known/oauth-protected-resource", "GET", 404),
        (f"{course_server.origin}/s/acme/sse", "GET", 404),
    ):
        response = httpx.request(method, url, headers={"origin": WORKBENCH}, json={})
        assert (response.status_code, response.headers[ALLOW]) == (status, WORKBENCH)
        exposed = response.headers["access-control-expose-headers"].lower()
        assert {"mcp-session-id", "mcp-protocol-version", "www-authenticate"} <= set(
            exposed.split(", ")
        )


def test_a_refused_page_is_told_which_setting_admits_it(course_server: ServedServer) -> None:
    response = post(course_server.anonymous, origin="https://evil.example")

    assert "HANDRAIL_ALLOWED_ORIGINS" in response.json()["error"]["message"]


def test_a_client_that_is_no_page_gets_no_such_headers(course_server: ServedServer) -> None:
    assert not [
        name for name in post(course_server.address).headers if name.startswith("access-control")
    ]
