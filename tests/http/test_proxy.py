"""The lines of docs/proxies.md, with a real nginx, a real Caddy and TLS."""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest

from admin.access.accounts import create_owner
from app import add_pages, build_app, create_app
from tests.builders import new_course
from tests.proxies import caddy, nginx
from tests.serving import free_port, served
from tests.waiting import until
from walkthroughs.identity.links import create_link
from walkthroughs.serving.http_server import KEEP_ALIVE_SECONDS

OWNER = "owner@acme.example"


@pytest.fixture
def behind(database, settings):
    """Return what starts Handrail for a public port: its own port, and the owner's password."""

    @contextmanager
    def start(port, **changed):
        there = replace(
            settings, base_url=f"https://localhost:{port}", trusted_proxies=("127.0.0.1",)
        )
        there = replace(there, **changed)
        app = add_pages(create_app(there))
        with app.app_context(), database.transaction() as session:
            caller, row = new_course(session)
            password = create_owner(session, caller.organization_id, OWNER)
            token = create_link(session, "acme", "lea@x.example")
        with served(build_app(there, app), trusted_proxies=there.trusted_proxies) as origin:
            yield int(origin.rsplit(":", 1)[1]), password, token, row

    return start


def sign_in(visitor, password):
    form = visitor.get("/admin/login")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)[1]
    return visitor.post(
        "/admin/login",
        data={"email": OWNER, "password": password, "csrf_token": token},
        headers={"referer": f"{visitor.base_url}/admin/login"},
    )


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_with_the_lines_of_the_page_everything_works_as_without_a_proxy(behind, proxy, tmp_path):
    port = free_port()
    with (
        behind(port) as (own_port, password, token, row),
        proxy(tmp_path, port, own_port) as (origin, trust),
        httpx.Client(base_url=origin, verify=trust) as visitor,
    ):
        assert visitor.get("/healthz").text == "ok\n"
        asked = visitor.get("/o/acme/admin/tables/walkthroughs/")
        assert asked.headers["location"].startswith(("/admin/login", f"{origin}/admin/login"))
        entered = sign_in(visitor, password)
        assert entered.status_code == 302
        assert "Secure" in entered.headers["set-cookie"]
        assert "strict-transport-security" in entered.headers
        shown = visitor.get("/o/acme/admin/tables/mcp_servers/").text
        assert f"{origin}/s/acme/mcp" in shown

        address = f"{origin}/s/acme/mcp/u/{token}"
        for url, more in (
            (address, {}),
            (f"{origin}/mcp/u/{token}", {"host": f"acme.localhost:{port}"}),
        ):
            call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                    "params": {"name": "select_walkthrough", "arguments": {"walkthrough_id": row}}}  # fmt: skip
            headers = {"accept": "application/json, text/event-stream", **more}
            answer = visitor.post(url, json=call, headers=headers).json()
            assert "Do one." in str(answer["result"]["content"])
        if proxy is nginx:
            log = tmp_path / "access.log"
            until(lambda: log.read_text().count("POST 200") == 2)  # written once it is answered
    assert not any(token in each.read_text() for each in tmp_path.glob("*.log"))
    assert KEEP_ALIVE_SECONDS > 60


def test_slow_clients_wait_at_the_proxy(behind, tmp_path):
    port = free_port()
    with (
        behind(port) as (own_port, *_),
        nginx(tmp_path, port, own_port) as (origin, trust),
    ):
        head = (
            f"POST /admin/login HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 1000\r\n\r\nx"
        )
        slow = []
        for _ in range(30):
            plain = socket.create_connection(("127.0.0.1", port))
            slow.append(trust.wrap_socket(plain, server_hostname="localhost"))
            slow[-1].sendall(head.encode())
        try:
            assert httpx.get(f"{origin}/admin/login", verify=trust).status_code == 200
        finally:
            for each in slow:
                each.close()


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_the_callers_address_is_the_proxys_word_and_nobody_elses(behind, proxy, tmp_path):
    port = free_port()
    with (
        behind(port) as (own_port, *_),
        proxy(tmp_path, port, own_port) as (origin, trust),
        httpx.Client(base_url=origin, verify=trust) as visitor,
    ):
        codes = []
        for number in range(12):
            visitor.headers["x-forwarded-for"] = f"192.0.2.{number}"
            codes.append(sign_in(visitor, "wrong password").status_code)
        assert codes == [200] * 10 + [429] * 2


@pytest.mark.parametrize(
    ("left_out", "changed"),
    [("X-Forwarded-Proto", {}), ("nothing", {"trusted_proxies": ()})],
    ids=["no scheme", "not trusted"],
)
def test_a_form_refused_by_a_wrong_set_up_says_what_is_wrong(behind, tmp_path, left_out, changed):
    port = free_port()
    with (
        behind(port, **changed) as (own_port, *_),
        nginx(tmp_path, port, own_port, left_out=left_out) as (origin, trust),
        httpx.Client(base_url=origin, verify=trust) as visitor,
    ):
        refused = visitor.post("/admin/login", data={"email": "x"})
        assert refused.status_code == 400
        assert f"came to http://localhost:{port}, but this server's address is {origin}" in (
            refused.text.replace("&#39;", "'")
        )
        assert "HANDRAIL_TRUSTED_PROXIES" in refused.text
