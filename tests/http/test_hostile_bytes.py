"""Whatever bytes a caller sends, there is an answer below 500 and no trace in the log."""

from __future__ import annotations

import logging
import re
import socket
from dataclasses import replace

import pytest

from app import add_pages, build_app, create_app
from tests.builders import new_course
from tests.conftest import settings_for
from tests.dashboard import Visitor, app, owner, site
from tests.serving import served
from tests.waiting import PATIENCE
from walkthroughs.addresses import is_dashboard

__all__ = ["app", "owner", "site"]

HOSTILE = (
    "%00",
    "%FF%FE",
    "a%00b",
    "%F0%9F%92%A9",
    "..%2f..%2fetc",
    "%0d%0aX:1",
    "x" * 3000,
    "'--",
)
PATHS = (
    "/s/{}/mcp",
    "/s/{}/mcp/u/{}",
    "/s/acme/mcp/u/{}",
    "/mcp/u/{}",
    "/s/{}/i/{}",
    "/s/acme/i/{}",
    "/i/{}",
    "/{}",
    "/admin/{}",
    "/o/{}/admin/",
    "/o/acme/admin/{}",
    "/o/acme/admin/tables/walkthroughs/details/?id={}",
    "/o/acme/admin/tables/walkthroughs/?search={}&page={}&sort={}",
    "/admin/login?next={}",
    "/check/{}",
    "/webhooks/git/{}",
    "/schema/{}",
    "/.well-known/{}",
    "/healthz?{}",
    "/readyz?{}={}",
)
BODIES = (
    b"",
    b"[" * 100_000,
    b"\x00" * 100,
    b"\xff\xfe{",
    b'{"a":' * 20_000,
    b"email=%00&password=%FF",
)


@pytest.fixture
def origin(database, settings):
    with database.transaction() as session:
        new_course(session)
    with served(build_app(settings, add_pages(create_app(settings)))) as origin:
        yield origin


def status_of(origin, method, path, body, kind):
    host, port = origin.removeprefix("http://").split(":")
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as opened:
        opened.sendall(head.encode() + body)
        with opened.makefile("rb") as answer:
            line = answer.readline().decode()
    return int(re.match(r"HTTP/1\.1 (\d+)", line)[1])


def test_hostile_addresses_are_answered(origin, caplog):
    caplog.set_level(logging.INFO)
    failed = {
        (method, path.format(*[bytes_] * path.count("{}")))
        for path in PATHS
        for bytes_ in HOSTILE
        for method in ("GET", "POST")
        if status_of(
            origin, method, path.format(*[bytes_] * path.count("{}")), b"{}", "application/json"
        )
        >= 500
    }

    assert failed == set()
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "\x7f/x"]
)
def test_hostile_bodies_are_answered(origin, caplog, kind):
    caplog.set_level(logging.INFO)
    paths = ("/s/acme/mcp", "/admin/login", "/admin/logout", "/check/x", "/webhooks/git/x", "/")
    failed = {
        (path, body[:10])
        for path in paths
        for body in BODIES
        if status_of(origin, "POST", path, body, kind) >= 500
    }

    assert failed == set()
    assert not any(record.exc_info for record in caplog.records)


@pytest.fixture(scope="module")
def behind_a_proxy(postgres, tmp_path_factory):
    """One server for all headers: what a header does, it does to its own request."""
    there = replace(
        settings_for(postgres, tmp_path_factory.mktemp("hostile")),
        base_url="https://localhost",
        trusted_proxies=("127.0.0.1",),
    )
    with served(build_app(there), trusted_proxies=("127.0.0.1",)) as origin:
        yield origin


@pytest.mark.parametrize(
    "name",
    ["Referer", "Origin", "Host", "Cookie", "Accept", "Accept-Language", "X-Forwarded-For",
     "X-Forwarded-Proto", "X-Forwarded-Host", "User-Agent", "Mcp-Protocol-Version", "Mcp-Method",
     "Range", "If-None-Match", "Authorization", "Content-Encoding", "Expect"],
)  # fmt: skip
def test_hostile_headers_are_answered(behind_a_proxy, caplog, name):
    caplog.set_level(logging.INFO)
    values = (
        "https://x:1admin/", "https://[::1", "\xff\xfe", "a" * 5000, "http://x:99999999999/",
        "session=\xff; session=x", "%00", "//", "[", "bytes=9-1,-", "Basic ::", "wss", "",
    )  # fmt: skip
    failed = {
        (value[:20], path)
        for value in values
        for path in ("/admin/login", "/s/acme/mcp", "/healthz")
        if status_with(behind_a_proxy, path, {"X-Forwarded-Proto": "https", name: value}) >= 500
    }

    assert failed == set()
    assert not any(record.exc_info for record in caplog.records)


def status_with(origin, path, headers):
    """Post an empty form with *headers*, which may hold any bytes but line ends."""
    host, port = origin.removeprefix("http://").split(":")
    lines = {"Host": f"{host}:{port}", "Content-Type": "application/x-www-form-urlencoded"}
    lines |= {"Connection": "close", "Content-Length": "3"} | headers
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as opened:
        opened.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\na=b".encode("latin-1"))
        with opened.makefile("rb") as answer:
            return int(answer.readline().split()[1])


def test_hostile_words_in_every_parameter_of_every_page_are_answered(app, owner, caplog):
    """As a signed-in owner, in the query and in the form, with a valid token."""
    rules = [rule for rule in app.url_map.iter_rules() if is_dashboard(rule.rule)]
    assert len(rules) > 50
    words = ("\x00", "\ud800", "'; --", "9" * 400, "-1", "null", "[]", "wt_\u200b")
    shown = owner.get("/o/acme/admin/tables/mcp_servers/new/").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown)[1]
    names = ("id", "page", "sort", "search", "flt0_0", "page_size", "walkthrough_id", "title", "to")
    failed = []
    for number, rule in enumerate(rules):
        if rule.endpoint == "security.logout":
            continue
        path = re.sub(r"<[^>]+>", "x", rule.rule.replace("<organization_slug>", "acme"))
        for turn in (0, 4):  # over four pages, each parameter has each word
            values = {
                name: words[(number + turn + place) % 8].encode("utf-8", "surrogatepass")
                for place, name in enumerate(names)
            }
            codes = [
                owner.client.get(path, query_string=values).status_code,
                owner.client.post(path, data=values | {"csrf_token": token}).status_code,
            ]
            failed += [(path, values) for code in codes if code >= 500]

    assert failed == []
    assert isinstance(owner, Visitor)
    assert not any(record.exc_info for record in caplog.records)
