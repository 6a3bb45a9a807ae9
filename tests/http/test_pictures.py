"""Pictures are served while a walkthrough that the server offers has them, and else never."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from mcp import Client

from app import add_pages, build_app, create_app
from tests.builders import content, learner, new_course, server, show, step, walkthrough
from tests.galleries import FOX, committed, gallery, pictured
from tests.pictures import large_picture, picture_file, stored_picture
from tests.refusing import connections_refused
from tests.serving import served, view_of
from tests.waiting import SOON, until
from walkthroughs.content.picture_reader import read_picture
from walkthroughs.content.pictures import MEDIA_TYPES
from walkthroughs.identity.links import create_link
from walkthroughs.ids import now_ms
from walkthroughs.mcp_server import pictures, tenant
from walkthroughs.models import McpServer, McpServerWalkthrough, Walkthrough
from walkthroughs.publishing.pictures import store_pictures
from walkthroughs.serving.fair_queue import PER_CALLER

__all__ = ["committed", "gallery"]


def selected(gallery, path, host):
    """The answer of select_walkthrough to a client that comes by *host*."""
    answer = ask_at(
        gallery, path, host, "select_walkthrough", walkthrough_id=gallery.walkthrough_id
    )
    return answer["content"][0]["text"]


def ask_at(gallery, path, host, name, **arguments):
    body = {"name": name, "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": body}
    headers = {"host": host, "accept": "application/json, text/event-stream"}
    return httpx.post(gallery.origin + path, json=message, headers=headers).json()["result"]


def verify_domain(gallery):
    gallery.set(McpServer, custom_domain="learn.acme.example", domain_verified_at=1)


def test_a_picture_is_served_on_the_path_the_host_and_the_own_domain(gallery):
    verify_domain(gallery)
    for path, host in (
        (f"/s/acme/i/{FOX.name}", None),
        (f"/s/acme/i/{FOX.name}", "127.0.0.1"),
        (f"/i/{FOX.name}", f"acme.localhost:{gallery.port}"),
        (f"/i/{FOX.name}", "ACME.localhost"),
        (f"/i/{FOX.name}", "learn.acme.example"),
    ):
        answer = gallery.get(path, host)
        assert (answer.status_code, answer.content) == (200, FOX.data)


def test_its_headers_let_everybody_keep_and_show_it_and_run_nothing(gallery):
    answer = gallery.get(origin="https://assistant.example")
    wanted = {
        "content-type": "image/png",
        "content-length": str(len(FOX.data)),
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "cross-origin",
        "access-control-allow-origin": "*",
        "etag": f'"{FOX.sha256}"',
    }

    assert {name: answer.headers.get(name) for name in wanted} == wanted
    head = gallery.get(method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head.headers.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        (f'"{FOX.sha256}"', 304),
        (f'"other", W/"{FOX.sha256}"', 304),
        ("*", 304),
        ('"other"', 200),
        ("," * 15_000, 200),
    ],
)
def test_who_has_it_is_not_sent_it_again(gallery, tag, status):
    answer = gallery.get(**{"if-none-match": tag})

    assert (answer.status_code, answer.content) == (status, b"" if status == 304 else FOX.data)
    assert answer.headers["etag"] == f'"{FOX.sha256}"'


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WebP", "GIF"])
def test_each_kind_is_served_as_what_it_is_and_by_no_other_name(gallery, kind):
    picture = read_picture(picture_file(kind, colour=2))
    with gallery.database.transaction() as session:
        store_pictures(session, gallery.caller.organization_id, gallery.walkthrough_id, [picture])
    answer = gallery.get(f"/s/acme/i/{picture.name}")

    assert answer.headers["content-type"] == MEDIA_TYPES[picture.extension]
    assert answer.content == picture.data
    for extension in MEDIA_TYPES.keys() - {picture.extension}:
        assert gallery.get(f"/s/acme/i/{picture.sha256}.{extension}").status_code == 404


def hide(gallery):
    with gallery.database.transaction() as session:
        show(session, gallery.caller.organization_id, gallery.walkthrough_id, False)


def unassign(gallery):
    with gallery.database.transaction() as session:
        session.delete(session.query(McpServerWalkthrough).one())


HIDDEN = {
    "draft": hide,
    "archived": lambda gallery: gallery.set(Walkthrough, archived_at=now_ms()),
    "switched off": lambda gallery: gallery.set(McpServerWalkthrough, is_enabled=False),
    "not assigned": unassign,
    "server switched off": lambda gallery: gallery.set(McpServer, walkthrough_tools_enabled=False),
}


def nothing(gallery, path: str = f"/s/acme/i/{FOX.name}", host: str | None = None):
    answer = gallery.get(path, host)
    return answer.status_code, answer.content, answer.headers["cache-control"]


@pytest.mark.parametrize("change", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("head", [{}, {"method": "HEAD"}, {"if-none-match": f'"{FOX.sha256}"'}])
def test_what_is_not_offered_is_not_there(gallery, change, head):
    change(gallery)

    assert gallery.get(**head).status_code == 404
    assert nothing(gallery) == nothing(gallery, f"/s/acme/i/{'0' * 64}.png")


def test_what_is_offered_again_is_there_again(gallery):
    hide(gallery)
    assert gallery.get().status_code == 404
    with gallery.database.transaction() as session:
        show(session, gallery.caller.organization_id, gallery.walkthrough_id, True)
    assert gallery.get().status_code == 200


def test_each_server_shows_its_own_and_all_that_is_nowhere_is_one_answer(gallery):
    theirs = stored_picture(1)
    with gallery.database.transaction() as session:
        server(session, gallery.caller.organization_id, "second")
        other, row = new_course(session, pictured(theirs), slug="other")
        store_pictures(session, other.organization_id, row, [theirs])
    assert gallery.get(f"/s/other/i/{theirs.name}").content == theirs.data

    gone = nothing(gallery, f"/s/acme/i/{'0' * 64}.png")
    assert gone[0::2] == (404, "no-store")
    for path, host in (
        (f"/s/second/i/{FOX.name}", None),
        (f"/s/other/i/{FOX.name}", None),
        (f"/s/acme/i/{theirs.name}", None),
        (f"/s/nobody/i/{FOX.name}", None),
        (f"/s/-/i/{FOX.name}", None),
        (f"/s/acme/i/{FOX.sha256}", None),
        (f"/s/acme/i/{FOX.sha256.upper()}.png", None),
        (f"/s/acme/i/{FOX.name}%0a", None),
        (f"/i/{FOX.name}", None),
        (f"/i/{FOX.name}", "nobody.localhost"),
        (f"/i/{FOX.name}", "learn.acme.example"),
        (f"/i/{theirs.name}", "acme.localhost"),
        (f"/s/acme/i/{FOX.name}", "acme.localhost"),
        (f"/s/acme/i/{FOX.name}", "evil.example"),
        (f"/s/acme/i/{FOX.name}", "["),
    ):
        assert nothing(gallery, path, host) == gone, (path, host)


def test_an_address_of_a_picture_takes_no_other_method_and_hides_no_page(database, settings):
    with served(build_app(settings, add_pages(create_app(settings)))) as origin:
        for path in (f"/i/{FOX.name}", "/i/x", "/i", f"/s/acme/i/{FOX.name}"):
            for method in ("GET", "POST", "PUT"):
                answer = httpx.request(method, origin + path)
                assert (answer.status_code, answer.json()["jsonrpc"]) == (404, "2.0"), (
                    method,
                    path,
                )


def test_while_the_database_is_away_a_picture_is_to_be_asked_for_later(gallery, postgres):
    assert gallery.get().status_code == 200
    with connections_refused(postgres):
        answer = gallery.get()
        assert (answer.status_code, answer.headers["cache-control"]) == (503, "no-store")
        assert int(answer.headers["retry-after"]) > 0
        time.sleep(tenant.CACHE_SECONDS)  # then nobody knows the server either
        assert gallery.get().status_code == 503
    assert gallery.get().content == FOX.data


@contextmanager
def readers_who_do_not_read(gallery, count):
    """So many connections, each of which asks for more than any buffer between takes."""
    large = large_picture()
    with gallery.database.transaction() as session:
        store_pictures(session, gallery.caller.organization_id, gallery.walkthrough_id, [large])
    assert gallery.get(f"/s/acme/i/{large.name}").content == large.data
    request = f"GET /s/acme/i/{large.name} HTTP/1.1\r\nHost: localhost:{gallery.port}\r\n\r\n"
    readers = []
    with ExitStack() as stack:
        for _ in range(count):
            reader = stack.enter_context(socket.socket())
            readers.append(reader)
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", gallery.port))
            reader.sendall(request.encode() * 40)
        until(lambda: gallery.sending >= count)
        yield readers


def test_readers_who_do_not_read_delay_no_other_reader_and_no_learner(gallery):
    with readers_who_do_not_read(gallery, PER_CALLER - 1):
        begun = time.monotonic()
        assert gallery.get().status_code == 200
        text = selected(gallery, f"/s/acme/mcp/u/{gallery.token}", f"localhost:{gallery.port}")
        assert "Step 1 of 2" in text
        assert time.monotonic() - begun < SOON


def test_one_who_has_too_many_pictures_on_the_way_is_told_to_come_back(gallery):
    with readers_who_do_not_read(gallery, PER_CALLER):
        while (answer := gallery.get()).status_code == 200:
            pass  # buffers still take all of somebody's first picture
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "2")
        text = selected(gallery, f"/s/acme/mcp/u/{gallery.token}", f"localhost:{gallery.port}")
        assert "Step 1 of 2" in text


def test_who_takes_too_long_for_a_picture_has_no_place_any_more_and_may_read_it_on(
    gallery, monkeypatch, caplog
):
    monkeypatch.setattr(pictures, "_SENDING_SECONDS", 1.0)
    with readers_who_do_not_read(gallery, PER_CALLER) as readers:
        until(lambda: gallery.get().status_code == 200)
        wanted, read = large_picture().data, b""
        while read.count(wanted) < 8:  # more than were on the way
            part = readers[0].recv(1 << 20)
            assert part, "the connection has not ended"
            read += part
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_client_is_given_the_address_in_each_answer_that_shows_the_step(gallery, mode):
    address = f"{gallery.origin}/s/acme/mcp/u/{gallery.token}"
    wanted = f"{gallery.origin}/s/acme/i/{FOX.name}"

    async def walk():
        async with Client(address, mode=mode) as client:
            chosen = {"walkthrough_id": gallery.walkthrough_id}
            for name, arguments in (
                ("select_walkthrough", chosen),
                ("get_walkthrough_status", chosen | {"position": 1}),
                ("next_walkthrough_step", {"current_step_id": "ws_another"}),
            ):
                yield await client.call_tool(name, arguments)

    async def answers():
        return [answer async for answer in walk()]

    select, status, _ = asyncio.run(answers())
    for text in (select.content[0].text, status.content[0].text):
        assert f"![A fox]({wanted})" in text
    assert f"It looks like {wanted} here." in select.content[0].text
    assert status.structured_content["step"]["verify"] == f"It looks like {wanted} here."
    assert view_of(select)["step"].keys() == {"id", "title", "section", "position", "verify"}
    assert httpx.get(wanted).content == FOX.data


def test_the_ordinary_step_has_the_address_too_from_memory_and_read_anew(gallery):
    with gallery.database.transaction() as session:
        row = walkthrough(
            session,
            gallery.caller.organization_id,
            content(id="w2", steps=(step("go"), *pictured().steps[:1], step("end"))),
            server_id=gallery.caller.server_id,
        )
        other = create_link(
            session, "acme", learner(session, gallery.caller.organization_id, "max@x.example").email
        )
    for token in (gallery.token, other):
        path, host = f"/s/acme/mcp/u/{token}", f"localhost:{gallery.port}"
        first = ask_at(gallery, path, host, "select_walkthrough", walkthrough_id=row)
        done = first["_meta"]["handrail/view"]["step"]["id"]
        answer = ask_at(gallery, path, host, "next_walkthrough_step", current_step_id=done)
        assert f"![A fox]({gallery.origin}/s/acme/i/{FOX.name})" in answer["content"][0]["text"]


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("acme.localhost", "http://acme.localhost:{port}"),
        ("ACME.localhost.:1", "http://acme.localhost:{port}"),
        ("learn.acme.example", "http://learn.acme.example"),
        ("learn.acme.example:{port}", "http://learn.acme.example:{port}"),
        ("learn.acme.example:99999", "http://learn.acme.example"),
        ("x@learn.acme.example:", "http://learn.acme.example"),
    ],
)
def test_who_comes_by_the_servers_own_host_is_given_that_one(gallery, host, base):
    verify_domain(gallery)
    host, base = (each.format(port=gallery.port) for each in (host, base))
    text = selected(gallery, f"/mcp/u/{gallery.token}", host)

    assert f"![A fox]({base}/i/{FOX.name})" in text
    assert gallery.token not in text


def test_a_picture_that_an_author_commits_is_served_until_its_walkthrough_is_a_draft(committed):
    course = committed.course
    assert committed.get().content == FOX.data
    course.author.write(("look", "", "![A fox](fox.png)"), "go", head="status: draft")
    course.sync()

    assert committed.get().status_code == 404


def test_another_picture_under_its_name_is_a_new_version_and_the_old_one_stays(committed):
    course, other = committed.course, stored_picture(3)
    beside = course.author.folder / "walkthroughs" / "deploy" / "steps" / "fox.png"
    beside.write_bytes(picture_file(colour=3))
    course.sync()

    assert course.row().version == 2
    assert committed.get(f"/s/acme/i/{other.name}").content == other.data
    assert committed.get().content == FOX.data
