"""Prompts: what assistants list as commands, and what a learner says by them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from tests.builders import DASHBOARD, content, new_course, server, walkthrough
from tests.http.posting import ask
from tests.serving import ServedServer, view_of
from tests.talking import ERAS, call, refusal, talk
from walkthroughs.identity.links import revoke_links
from walkthroughs.models import McpServer
from walkthroughs.publishing import assignments, writer

DEPLOY = 'Lead me through the walkthrough "Deploy". '
CONTINUE = 'Go on with the walkthrough "Deploy" where I was. '


def names(address: str, mode: str = "auto") -> list[str]:
    async def listed(client: Any) -> list[str]:
        found, cursor = [], None
        while True:
            page = await client.list_prompts(cursor=cursor)
            found += [prompt.name for prompt in page.prompts]
            if (cursor := page.next_cursor) is None:
                return found

    return talk(address, listed, mode)


def said(address: str, name: str, mode: str = "auto") -> str:
    (message,) = talk(address, lambda client: client.get_prompt(name), mode).messages
    assert message.role == "user"
    return message.content.text


def offer(course: ServedServer, title: str, id: str, **fields: Any) -> str:
    with course.database.transaction() as session:
        return walkthrough(
            session,
            course.caller.organization_id,
            content(id=id, title=title, **fields),
            server_id=course.caller.server_id,
        )


def rows(course: ServedServer) -> Any:
    with course.database.transaction() as session:
        return session.connection().exec_driver_sql(
            "SELECT (SELECT count(*) FROM walkthrough_progress),"
            " (SELECT count(*) FROM tool_events_incoming)"
        ).one()  # fmt: skip


@ERAS
def test_the_list_begins_with_continue_and_has_a_prompt_for_each_walkthrough(
    course_server: ServedServer, mode: str
) -> None:
    offer(course_server, "Tea", "tea", description="Hot\n<b>and</b> " + "good " * 50)
    meant = talk(course_server.address, lambda client: client.list_prompts(), mode)

    assert [prompt.name for prompt in meant.prompts] == ["continue", "deploy", "tea"]
    assert [prompt.title for prompt in meant.prompts] == [None] * 3
    assert [prompt.arguments for prompt in meant.prompts] == [None] * 3
    assert meant.prompts[1].description == "Deploy: All of it."
    assert re.fullmatch(r"Tea: Hot ‹b›and‹/b› (good )+good…", meant.prompts[2].description)
    assert len(meant.prompts[2].description) <= 160
    assert (meant.cache_scope, meant.next_cursor) == ("private", None)


@ERAS
def test_that_lists_change_is_announced_and_nothing_that_is_not_built(
    course_server: ServedServer, mode: str
) -> None:
    async def meet(client: Any) -> Any:
        return client.server_capabilities

    found = talk(course_server.address, meet, mode)

    assert found.tools.list_changed
    assert found.prompts.list_changed
    assert found.resources.list_changed
    assert not found.resources.subscribe
    assert found.completions is None


@ERAS
@pytest.mark.behaviour("B19")
def test_a_prompt_names_the_call_to_make_and_reading_it_changes_nothing(
    course_server: ServedServer, mode: str
) -> None:
    before = rows(course_server)
    row = course_server.walkthrough_id

    assert said(course_server.address, "deploy", mode) == (
        f'{DEPLOY}Call select_walkthrough with walkthrough_id "{row}". '
        "Show me the whole step it returns, then stop and wait for me."
    )
    assert "Call list_walkthroughs" in said(course_server.address, "continue", mode)
    assert rows(course_server) == before


def test_continue_goes_on_with_what_the_learner_did_last(course_server: ServedServer) -> None:
    tea = offer(course_server, "Tea", "tea")
    address = course_server.address
    for row in (course_server.walkthrough_id, tea):
        call(address, "select_walkthrough", walkthrough_id=row)
    assert f'"{tea}"' in said(address, "continue")

    result = call(address, "select_walkthrough", walkthrough_id=course_server.walkthrough_id)
    assert said(address, "continue").startswith(CONTINUE)
    while step := view_of(result)["step"]:
        result = call(address, "next_walkthrough_step", current_step_id=step["id"])
    assert f'"{tea}"' in said(address, "continue")

    with course_server.database.transaction() as session:
        caller = course_server.caller
        assignments.unassign(session, caller.organization_id, caller.server_id, tea)
    assert "none is in progress here" in said(address, "continue")


@pytest.mark.behaviour("B19")
def test_a_name_stays_when_the_title_changes_and_when_another_has_the_same_id(
    course_server: ServedServer,
) -> None:
    org, row = course_server.caller.organization_id, course_server.walkthrough_id
    offer(course_server, "Deploy too", "deploy")
    with course_server.database.transaction() as session:
        writer.publish(session, org, row, content(title="Ship it"), DASHBOARD)
    _, first, second = names(course_server.address)

    assert first == "deploy"
    assert re.fullmatch(r"deploy-[0-9a-f]{10}", second)
    assert '"Ship it"' in said(course_server.address, "deploy")
    assert '"Deploy too"' in said(course_server.address, second)

    with course_server.database.transaction() as session:
        writer.archive(session, org, row, DASHBOARD)
    assert names(course_server.address) == ["continue", second]
    gone = refusal(course_server.address, lambda client: client.get_prompt("deploy"))
    assert 'There is no prompt "deploy" here' in str(gone)


def test_many_prompts_come_in_pages_and_each_can_be_read(course_server: ServedServer) -> None:
    with course_server.database.transaction() as session:
        org = course_server.caller.organization_id
        made = [
            walkthrough(session, org, content("one", id=f"w{n:03}", title=f"Number {n:03}"))
            for n in range(100)
        ]
        assignments.assign(session, org, course_server.caller.server_id, made)
    listed = names(course_server.address)
    first = talk(course_server.address, lambda client: client.list_prompts())

    assert listed == ["continue", "deploy", *(f"w{n:03}" for n in range(100))]
    assert len(first.prompts) == 51
    assert '"Number 099"' in said(course_server.address, "w099")


@ERAS
def test_a_cursor_that_is_none_of_ours_is_refused_in_words(
    course_server: ServedServer, mode: str
) -> None:
    async def refused(client: Any) -> set[tuple[int, bool]]:
        found = set()
        for cursor in ("", "0", "1000", "-1", "two", "2 OR 1=1", "9" * 5000):
            for request in (client.list_prompts, client.list_resources):
                with pytest.raises(MCPError) as raised:
                    await request(cursor=cursor)
                error = raised.value.error
                found.add((error.code, error.message.endswith("List again without one.")))
        return found

    assert talk(course_server.address, refused, mode) == {(-32602, True)}


def test_a_page_behind_the_last_one_is_empty(course_server: ServedServer) -> None:
    found = talk(course_server.address, lambda client: client.list_prompts(cursor="7"))

    assert (found.prompts, found.next_cursor) == ([], None)


@pytest.mark.parametrize(
    "name", ["theirs", "Deploy", "deploy-0123456789", "", "x" * 5000, "deploy'--", "de\0ploy"]
)
def test_an_unknown_prompt_and_that_of_another_organization_get_one_answer(
    course_server: ServedServer, name: str
) -> None:
    with course_server.database.transaction() as session:
        new_course(session, content(id="theirs"), "other")
        elsewhere = server(session, course_server.caller.organization_id, "elsewhere")
        walkthrough(session, elsewhere.organization_id, content(id="theirs"),
                    server_id=elsewhere.id)  # fmt: skip
    answer = ask(course_server.address, "legacy", "prompts/get", name=name).json()

    assert answer["error"]["code"] == -32602
    assert answer["error"]["message"] == (
        f'There is no prompt "{name[:80]}" here. prompts/list shows what there is.'
    )


@pytest.mark.parametrize("name", ["continue", "deploy"])
def test_who_is_not_known_is_told_what_to_do(course_server: ServedServer, name: str) -> None:
    assert names(course_server.anonymous) == ["continue", "deploy"]
    assert "a personal link" in said(course_server.anonymous, name)
    assert "select_walkthrough" not in said(course_server.anonymous, name)


def test_a_link_that_has_ended_reads_nothing_though_the_request_looks_like_a_step_call(
    course_server: ServedServer,
) -> None:
    assert said(course_server.address, "deploy").startswith(DEPLOY)
    with course_server.database.transaction() as session:
        revoke_links(session, "acme", "lea@x.example")
    more = {"name": "deploy", "arguments": {"x": "next_walkthrough_step"}}
    read = ask(course_server.address, "legacy", "prompts/get", **more).json()
    listed = ask(course_server.address, "legacy", "prompts/list", next_walkthrough_step=1).json()

    assert "has ended" in read["result"]["messages"][0]["content"]["text"]
    assert "has ended" in listed["error"]["message"]


def test_a_switched_off_server_has_no_prompts(course_server: ServedServer) -> None:
    with course_server.database.transaction() as session:
        session.get(McpServer, course_server.caller.server_id).walkthrough_tools_enabled = False

    assert names(course_server.address) == []
    gone = refusal(course_server.address, lambda client: client.get_prompt("continue"))
    assert 'There is no prompt "continue" here' in str(gone)
