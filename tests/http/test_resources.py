"""Resources: outlines, and the steps that a learner has reached."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import content, new_course
from tests.http.posting import ask
from tests.serving import ServedServer, view_of
from tests.talking import ERAS, call, refusal, talk
from walkthroughs.identity.links import create_link, revoke_links
from walkthroughs.models import McpServer

BASE = "handrail://walkthroughs/"


def read(address: str, uri: str, mode: str = "auto") -> Any:
    found = talk(address, lambda client: client.read_resource(uri), mode)
    (body,) = found.contents
    assert (found.cache_scope, body.uri) == ("private", uri)
    return body


def refused(address: str, uri: str, mode: str = "auto") -> tuple[int, str]:
    error = refusal(address, lambda client: client.read_resource(uri), mode).error
    return error.code, error.message


@pytest.fixture
def walked(course_server: ServedServer) -> list[str]:
    """The learner is on the second of three steps; the addresses of all."""
    row = course_server.walkthrough_id
    first = view_of(call(course_server.address, "select_walkthrough", walkthrough_id=row))["step"]
    call(course_server.address, "next_walkthrough_step", current_step_id=first["id"])
    status = call(course_server.address, "get_walkthrough_status", walkthrough_id=row)
    steps = status.structured_content["steps"]
    return [f"{BASE}{row}/steps/{step['id']}" for step in steps]


@ERAS
def test_walkthroughs_and_the_kinds_of_addresses_are_listed(
    course_server: ServedServer, mode: str
) -> None:
    async def lists(client: Any) -> Any:
        return await client.list_resources(), await client.list_resource_templates()

    found, kinds = talk(course_server.address, lists, mode)
    entry, card = found.resources

    assert card.name == "step-card"
    assert (entry.name, entry.title) == ("deploy", "Deploy")
    assert entry.uri == f"{BASE}{course_server.walkthrough_id}"
    assert [kind.uri_template for kind in kinds.resource_templates] == [
        f"{BASE}{{walkthrough_id}}",
        f"{BASE}{{walkthrough_id}}/steps/{{step_id}}",
    ]
    assert (found.cache_scope, kinds.cache_scope) == ("private", "private")


@ERAS
def test_an_outline_tells_how_far_the_learner_is(
    course_server: ServedServer, walked: list[str], mode: str
) -> None:
    body = read(course_server.address, f"{BASE}{course_server.walkthrough_id}", mode)

    assert body.mime_type == "text/plain"
    assert "Deploy (version 1): in progress, 33 %" in body.text
    assert "[x] 1. One" in body.text
    assert 'The learner is at step 2, "Two"' in body.text
    assert f"can be read at {walked[0].rsplit('/', 1)[0]}/ followed by its id" in body.text
    assert "Do one." not in body.text


@ERAS
def test_a_step_that_was_reached_is_read_as_the_learner_reads_it(
    course_server: ServedServer, walked: list[str], mode: str
) -> None:
    done, current, _ = (uri for uri in walked)
    body = read(course_server.address, done, mode)

    assert body.mime_type == "text/markdown"
    assert body.text == "# One\n\nStep 1 of 3 · Start · Deploy\n\nDo one."
    assert read(course_server.address, current, mode).text.endswith("\n\nDo two.")


@ERAS
@pytest.mark.behaviour("B20")
def test_what_a_learner_may_not_read_and_what_there_is_not_get_one_answer(
    course_server: ServedServer, walked: list[str], mode: str
) -> None:
    with course_server.database.transaction() as session:
        _, theirs = new_course(session, content(id="theirs"), "other")
    row, step = course_server.walkthrough_id, walked[0].rsplit("/", 1)[1]
    wanted = [
        walked[2],
        f"{BASE}{theirs}",
        f"{BASE}{theirs}/steps/{step}",
        f"{BASE}wt_nothing",
        f"{BASE}{row}/steps/ws_nothing",
        f"{BASE}{row}/steps/",
        f"{BASE}{row}/",
        f"{BASE}{row}/steps/{step}?x",
        f"{BASE}../{row}",
        "handrail://other/x",
        "file:///etc/passwd",
        BASE + "x" * 5000,
    ]
    answers = {uri: refused(course_server.address, uri, mode) for uri in wanted}
    words = {message.replace(uri[:200], "URI") for uri, (_, message) in answers.items()}

    assert {code for code, _ in answers.values()} == {-32602 if mode == "auto" else -32002}
    assert len(words) == 1
    assert words.pop().startswith('There is nothing to read at "URI" for this learner.')


def test_another_learner_reads_only_what_they_have_reached(
    course_server: ServedServer, walked: list[str]
) -> None:
    with course_server.database.transaction() as session:
        token = create_link(session, "acme", "bob@x.example")
    address = f"{course_server.anonymous}/u/{token}"

    assert "nothing to read" in refused(address, walked[0])[1]
    outline = read(address, f"{BASE}{course_server.walkthrough_id}").text
    assert "The learner has not started." in outline


def test_who_is_not_known_is_told_what_to_do(
    course_server: ServedServer, walked: list[str]
) -> None:
    for uri in (walked[0], f"{BASE}{course_server.walkthrough_id}", f"{BASE}wt_nothing"):
        assert "a personal link" in refused(course_server.anonymous, uri)[1]


@pytest.mark.behaviour("B20")
def test_reading_moves_nothing_and_holds_back_no_step(
    course_server: ServedServer, walked: list[str]
) -> None:
    def place() -> Any:
        with course_server.database.transaction() as session:
            query = "SELECT xmin::text, * FROM walkthrough_progress"
            return session.connection().exec_driver_sql(query).all()

    before = place()
    read(course_server.address, walked[1])
    read(course_server.address, f"{BASE}{course_server.walkthrough_id}")

    assert place() == before


def test_a_link_that_has_ended_reads_nothing_though_the_request_looks_like_a_step_call(
    course_server: ServedServer, walked: list[str]
) -> None:
    with course_server.database.transaction() as session:
        revoke_links(session, "acme", "lea@x.example")
    hidden = {"uri": walked[0], "x": "next_walkthrough_step"}
    answer = ask(course_server.address, "legacy", "resources/read", **hidden).json()

    assert "has ended" in answer["error"]["message"]


def test_a_switched_off_server_has_no_resources(course_server: ServedServer) -> None:
    with course_server.database.transaction() as session:
        session.get(McpServer, course_server.caller.server_id).walkthrough_tools_enabled = False

    async def lists(client: Any) -> Any:
        found = await client.list_resources()
        return found.resources, (await client.list_resource_templates()).resource_templates

    assert talk(course_server.address, lists) == ([], [])
    uri = f"{BASE}{course_server.walkthrough_id}"
    assert "nothing to read" in refused(course_server.address, uri)[1]
