"""The command that serves, as operators start it: in a process of its own."""

from __future__ import annotations

import http.client
import json
import re
import socket
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest

from admin.access.accounts import create_owner
from app import add_pages, create_app
from tests.builders import new_course, organization
from tests.http.posting import LIST, ask
from tests.processes import FlaskServe
from walkthroughs.identity.links import create_link


@pytest.fixture(scope="module")
def started(postgres, tmp_path_factory):
    """One process for all tests of this file: it takes seconds to start."""
    folder = tmp_path_factory.mktemp("serve")
    variables = {
        "DATABASE_URL": postgres,
        "HANDRAIL_DATA_DIR": str(folder / "var"),
        "HANDRAIL_SECRET_KEY": "a-secret-for-tests-only",
    }
    with FlaskServe(folder, variables) as process:
        yield process


@pytest.fixture
def origin(started, database):
    return started.origin


def test_one_member_who_signs_in_signs_in_nobody_else(origin, database, settings):
    app = add_pages(create_app(settings))
    with app.app_context(), database.transaction() as session:
        acme = organization(session, "acme")
        password = create_owner(session, acme.id, "owner@acme.example")
    with httpx.Client(base_url=origin, follow_redirects=True) as member:
        form = member.get("/admin/login").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)[1]
        given = {"email": "owner@acme.example", "password": password, "csrf_token": token}
        assert "Sign out" in member.post("/admin/login", data=given).text
    for _ in range(25):  # more than there are threads
        answer = httpx.get(f"{origin}/o/acme/admin/tables/walkthroughs/")
        assert answer.status_code == 302
        assert "/admin/login" in answer.headers["location"]


def test_no_page_is_answered_to_programs_that_try_paths(origin):
    for path in ("/register", "/authorize", "/sse", "/mcp/sse", "/s/acme", "/.well-known/x"):
        for method, host in (("GET", "localhost"), ("POST", "acme.localhost")):
            answer = httpx.request(method, origin + path, headers={"host": host}, json={"id": 1})
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
            assert "ends with /mcp" in answer.json()["error"]["message"]
    assert httpx.get(f"{origin}/healthz").text == "ok\n"
    assert "text/html" in httpx.get(f"{origin}/admin/nowhere").headers["content-type"]


def test_an_idle_connection_is_kept_longer_than_clients_keep_it(origin):
    connection = http.client.HTTPConnection(urlsplit(origin).netloc)
    with closing(connection):
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        connection.sock.settimeout(6)  # uvicorn's own patience, and that of httpx, is 5 s
        with pytest.raises(TimeoutError):
            connection.sock.recv(1)
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"ok\n"


def test_clients_that_come_and_leave_leave_nothing_in_the_log(origin, started, database):
    with database.transaction() as session:
        new_course(session)
        token = create_link(session, "acme", "lea@x.example")
    path, body = f"/s/acme/mcp/u/{token}", json.dumps(LIST).encode()
    before = started.log.read_text()
    for version in ("2025-11-25", "2026-07-28"):
        for sent in (b"", body[:10], body):  # before the body, within it, and before the answer
            head = (
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: */*\r\n"
                f"Mcp-Protocol-Version: {version}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            address = urlsplit(origin)
            with socket.create_connection((address.hostname, address.port)) as connection:
                connection.sendall(head.encode() + sent)
        era = "legacy" if version == "2025-11-25" else "modern"
        call = ask(origin + path, era, "tools/call", name="list_walkthroughs", arguments={})
        assert call.status_code == 200

    assert started.log.read_text().removeprefix(before) == ""
