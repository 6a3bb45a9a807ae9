"""Addresses that lead nowhere, and messages that are no single request."""

from __future__ import annotations

from itertools import product

import httpx
import pytest

from tests.http.posting import HEADERS, LIST, ask, post
from tests.serving import ServedServer
from walkthroughs.identity.links import revoke_links
from walkthroughs.mcp_server.batch import MAX_MESSAGES
from walkthroughs.mcp_server.refusals import MAX_ID

_PING = {"jsonrpc": "2.0", "method": "ping"}


REFUSED = [
    (LIST, 1),
    (LIST | {"id": "a"}, "a"),
    (LIST | {"id": 1.5}, None),
    (LIST | {"id": True}, None),
    (LIST | {"id": {"x": 1}}, None),
    ({"jsonrpc": "2.0", "id": 4, "result": {}}, None),
    ({"jsonrpc": "2.0", "method": "notifications/initialized"}, None),
    ("text", None),
    (b"{", None),
    (b"[" * 100_000, None),
    (b"\xff", None),
    (b"", None),
]


def test_a_refusal_answers_the_request_that_it_refuses(
    course_server: ServedServer, subtests: pytest.Subtests
) -> None:
    for body, given in REFUSED:
        with subtests.test(case=repr(body)[:80]):
            for url, headers, status in (
                (f"{course_server.origin}/s/nobody/mcp", {}, 404),
                (f"{course_server.anonymous}/u/wrong", {}, 404),
                (f"{course_server.origin}/mcp", {"host": "nobody.localhost"}, 421),
                (course_server.anonymous, {"origin": "https://evil.example"}, 403),
            ):
                response = post(url, body, **headers)
                assert (response.status_code, response.json()["id"]) == (status, given)
                assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_refusal_of_a_wrong_address_is_the_same_in_both_eras(
    course_server: ServedServer, era: str
) -> None:
    answer = ask(f"{course_server.anonymous}/u/wrong", era, "tools/list").json()

    assert answer["id"] == "seven"
    assert "personal link" in answer["error"]["message"]


def test_a_wrong_address_is_said_before_the_method_is_judged(course_server: ServedServer) -> None:
    with course_server.database.transaction() as session:
        revoke_links(session, "acme", "lea@x.example")
    for method in ("GET", "DELETE", "PUT"):
        for url in (f"{course_server.origin}/s/nobody/mcp", course_server.address):
            response = httpx.request(method, url)
            assert response.status_code == 404
            assert "Check the address" in response.json()["error"]["message"]
    assert httpx.head(course_server.address).status_code == 404


def test_an_address_with_a_slash_at_its_end_answers_like_the_one_without(
    course_server: ServedServer,
) -> None:
    port = course_server.origin.rsplit(":", 1)[1]
    for url, host in (
        (course_server.anonymous, "localhost"),
        (course_server.address, "localhost"),
        (f"{course_server.origin}/mcp", f"acme.localhost:{port}"),
        (f"{course_server.origin}/mcp/u/{course_server.token}", "acme.localhost"),
    ):
        without, with_slash = post(url, host=host), post(f"{url}/", host=host)
        assert with_slash.status_code == 200
        assert with_slash.json() == without.json()


HOSTS = ["localhost", "acme.localhost", "elsewhere.example"]
NO_ADDRESSES = [
    "/s/acme",
    "/s/acme/",
    "/s/acme/sse",
    "/s/acme/mcp/u",
    "/s/acme/mcp/u/",
    "/s/acme/mcp/messages",
    "/mcp/u/",
    "/mcp/sse",
    "/mcp/u/token/more",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-authorization-server/s/acme/mcp",
    "/.well-known/openid-configuration",
    "/s/acme/mcp/.well-known/openid-configuration",
]


def test_a_path_that_is_no_address_is_answered_in_json(
    course_server: ServedServer, subtests: pytest.Subtests
) -> None:
    for host, path in product(HOSTS, NO_ADDRESSES):
        with subtests.test(case=f"{host} {path}"), httpx.Client(headers={"host": host}) as client:
            for method in ("GET", "POST"):
                response = client.request(method, course_server.origin + path, json=LIST)
                assert response.status_code == 404
                assert response.headers["content-type"] == "application/json"
                assert response.json()["id"] == 1
                assert "/mcp" in response.json()["error"]["message"]
                assert "token" not in response.text


SAME_HEADERS = [
    {"content-type": "Application/JSON"},
    {"content-type": "APPLICATION/json ; charset=UTF-8"},
    {"accept": ""},
    {"accept": "*/*"},
    {"accept": "application/json"},
    {"accept": "text/event-stream"},
    {"accept": "Application/JSON;q=0.9"},
]


def test_headers_that_mean_the_same_are_read_the_same(
    course_server: ServedServer, subtests: pytest.Subtests
) -> None:
    for version, headers in product(["2025-03-26", "2025-11-25"], SAME_HEADERS):
        with subtests.test(case=f"{version} {headers}"):
            response = post(course_server.anonymous, **headers, mcp_protocol_version=version)

            assert (response.status_code, response.json()["id"]) == (200, 1)


def test_no_accept_header_at_all_accepts_everything(course_server: ServedServer) -> None:
    request = httpx.Request(
        "POST", course_server.anonymous, json=LIST
    )  # on its own, httpx adds none
    with httpx.Client() as client:
        response = client.send(request)

    assert "accept" not in request.headers
    assert response.status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/jsonx", ""])
def test_another_content_type_is_named(course_server: ServedServer, kind: str) -> None:
    response = post(course_server.anonymous, content_type=kind)

    assert (response.status_code, response.json()["id"]) == (415, 1)
    assert "Content-Type: application/json" in response.json()["error"]["message"]


@pytest.mark.parametrize("version", [None, "2025-03-26"])
def test_a_batch_is_answered_message_by_message(
    course_server: ServedServer, version: str | None
) -> None:
    headers = {name: value for name, value in HEADERS.items() if name != "mcp-protocol-version"}
    headers |= {"mcp-protocol-version": version} if version else {}
    notification = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    call = {"name": "list_walkthroughs", "arguments": {}}
    batch = [
        LIST,
        notification,
        _PING | {"id": "b"},
        {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": call},
        "nonsense",
    ]
    response = httpx.post(course_server.anonymous, json=batch, headers=headers)
    quiet = httpx.post(course_server.anonymous, json=[notification, notification], headers=headers)

    assert response.status_code == 200
    assert [answer["id"] for answer in response.json()] == [1, "b", 3, None]
    assert len(response.json()[0]["result"]["tools"]) == 5
    assert "error" in response.json()[3]
    assert (quiet.status_code, quiet.content) == (202, b"")


@pytest.mark.parametrize(
    ("version", "count", "words"),
    [
        ("2025-03-26", MAX_MESSAGES + 1, str(MAX_MESSAGES)),
        ("2025-03-26", 0, "empty"),
        ("2025-06-18", 2, "one message at a time"),
        ("2026-07-28", 2, "one message at a time"),
    ],
)
def test_a_batch_that_is_not_answered_says_why(
    course_server: ServedServer, version: str, count: int, words: str
) -> None:
    batch = [_PING | {"id": number} for number in range(count)]
    response = post(course_server.anonymous, batch, mcp_protocol_version=version)

    answers = response.json() if count else [response.json()]
    assert response.status_code == 400
    assert [answer["id"] for answer in answers] == [*range(count)] or [None]
    assert all(words in answer["error"]["message"] for answer in answers)


def test_a_batch_for_a_wrong_address_refuses_each_request_in_it(
    course_server: ServedServer,
) -> None:
    batch = [_PING | {"id": 1}, _PING, _PING | {"id": 2}]
    response = post(f"{course_server.anonymous}/u/wrong", batch, mcp_protocol_version="2025-03-26")

    assert response.status_code == 404
    assert [answer["id"] for answer in response.json()] == [1, 2]


def test_a_body_that_is_too_large_is_refused_in_words(course_server: ServedServer) -> None:
    def pieces():
        for _ in range(12):
            yield b"a" * 100_000

    declared = post(course_server.anonymous, b"a" * 1_200_000)
    streamed = httpx.post(course_server.anonymous, content=pieces(), headers=HEADERS)

    for response in (declared, streamed):
        assert response.status_code == 413
        assert "1 MiB" in response.json()["error"]["message"]


@pytest.mark.parametrize("length", [MAX_ID, MAX_ID + 1])
def test_an_id_that_is_longer_than_any_clients_is_refused_and_not_repeated(
    course_server: ServedServer, length: int
) -> None:
    for url in (course_server.address, f"{course_server.origin}/s/nobody/mcp"):
        answer = post(url, LIST | {"id": "x" * length})
        if length <= MAX_ID:
            assert answer.json()["id"] == "x" * length
        else:
            assert (answer.status_code, answer.json()["id"]) == (400, None)
            assert str(MAX_ID) in answer.json()["error"]["message"]


def test_an_id_of_a_message_in_a_batch_may_not_be_longer_either(
    course_server: ServedServer,
) -> None:
    batch = [LIST, LIST | {"id": "x" * 1000}]
    answer = post(course_server.address, batch, mcp_protocol_version="2025-03-26")
    assert answer.status_code == 400
    assert [each["id"] for each in answer.json()] == [1]
