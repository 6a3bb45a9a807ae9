"""The tools as an assistant meets them: the official client, both protocol eras, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from tests.builders import DASHBOARD
from tests.serving import ServedServer, view_of
from tests.talking import ERAS, call, talk, text
from walkthroughs.models import McpServer
from walkthroughs.publishing import writer


@ERAS
def test_a_learner_walks_from_the_list_to_the_end(course_server: ServedServer, mode: str) -> None:
    async def walk(client: Any) -> tuple[list[str], Any]:
        listed = await client.call_tool("list_walkthroughs", {})
        (card,) = view_of(listed)["walkthroughs"]
        result = await client.call_tool("select_walkthrough", {"walkthrough_id": card["id"]})
        titles = []
        while step := view_of(result)["step"]:
            titles.append(step["title"])
            result = await client.call_tool(
                "next_walkthrough_step", {"current_step_id": step["id"]}
            )
        return titles, result

    titles, last = talk(course_server.address, walk, mode)

    assert titles == ["One", "Two", "Three"]
    assert view_of(last)["progress"]["status"] == "completed"
    assert "finished, 3 of 3" in text(last)


@ERAS
@pytest.mark.behaviour("B13")
def test_the_server_speaks_in_the_tenants_name(course_server: ServedServer, mode: str) -> None:
    with course_server.database.transaction() as session:
        row = session.get(McpServer, course_server.caller.server_id)
        row.name, row.instructions = "Acme Cloud", "Be brief."

    async def meet(client: Any) -> Any:
        return client.server_info.name, client.instructions

    name, said = talk(course_server.address, meet, mode)

    assert name == "Acme Cloud"
    assert said.startswith("Acme Cloud offers step-by-step walkthroughs here. Walkthroughs: Deploy")
    assert said.endswith("\n\nBe brief.")


def test_a_step_tells_the_assistant_what_to_check_call_and_show_in_one_text(
    course_server: ServedServer,
) -> None:
    result = call(
        course_server.address, "select_walkthrough", walkthrough_id=course_server.walkthrough_id
    )
    said = text(result)
    step_id = view_of(result)["step"]["id"]

    assert said == (
        "Step 1 of 3 · Start · Deploy (version 1)\n"
        "For you only, not to be shown: Be kind.\n"
        "Check before going on: It runs.\n"
        'Show all of "One" below, then stop and wait for the learner. When they have done it and '
        f'the check holds, call next_walkthrough_step with current_step_id "{step_id}".\n'
        "\n<content>\nDo one.\n</content>"
    )
    assert len(result.content) == 1
    assert result.structured_content is None


@pytest.mark.behaviour("B14")
def test_only_the_status_has_structured_content_and_either_part_of_it_is_enough(
    course_server: ServedServer,
) -> None:
    call(course_server.address, "select_walkthrough", walkthrough_id=course_server.walkthrough_id)
    result = call(
        course_server.address, "get_walkthrough_status", walkthrough_id=course_server.walkthrough_id
    )
    facts = result.structured_content

    assert f'current_step_id "{facts["current_step_id"]}"' in facts["next"]
    assert facts["next"] in text(result)
    assert [step["title"] for step in facts["steps"]] == ["One", "Two", "Three"]
    assert (facts["status"], facts["earlier_attempts"]) == ("in_progress", 0)


@pytest.mark.behaviour("B15")
def test_a_step_that_was_reached_is_shown_again_and_one_ahead_is_not(
    course_server: ServedServer,
) -> None:
    wanted = {"walkthrough_id": course_server.walkthrough_id}
    first = view_of(call(course_server.address, "select_walkthrough", **wanted))["step"]["id"]
    call(course_server.address, "next_walkthrough_step", current_step_id=first)

    by_id = call(course_server.address, "get_walkthrough_status", **wanted, step_id=first)
    here = call(course_server.address, "get_walkthrough_status", **wanted, position=2)
    ahead = call(course_server.address, "get_walkthrough_status", **wanted, position=3)
    nowhere = call(course_server.address, "get_walkthrough_status", **wanted, position=4)

    assert "<content>\nDo one.\n</content>" in text(by_id)
    assert by_id.structured_content["step"]["content"] == "Do one."
    assert "<content>\nDo two.\n</content>" in text(here)
    assert "Do three." not in str(ahead)
    assert "Step 3 is not shown: the learner has not reached it yet." in text(ahead)
    assert 'The learner is at step 2, "Two"' in text(ahead)
    assert nowhere.is_error
    assert "steps 1 to 3" in text(nowhere)
    assert here.structured_content["percent"] == 33


def test_tools_are_announced_truthfully(course_server: ServedServer) -> None:
    async def tools(client: Any) -> Any:
        return {tool.name: tool for tool in (await client.list_tools()).tools}

    announced = talk(course_server.address, tools)

    assert list(announced) == [
        "list_walkthroughs",
        "select_walkthrough",
        "next_walkthrough_step",
        "get_walkthrough_status",
        "reset_walkthrough_progress",
    ]
    assert announced["list_walkthroughs"].annotations.read_only_hint
    assert announced["reset_walkthrough_progress"].annotations.destructive_hint
    assert not announced["select_walkthrough"].annotations.destructive_hint
    assert announced["select_walkthrough"].input_schema["required"] == ["walkthrough_id"]
    loaded = [name for name, tool in announced.items() if "anthropic/alwaysLoad" in tool.meta]
    assert loaded == ["list_walkthroughs", "select_walkthrough", "next_walkthrough_step"]
    assert [name for name, tool in announced.items() if tool.output_schema] == [
        "get_walkthrough_status"
    ]


def test_tools_are_there_whatever_is_published_and_the_list_says_that_nothing_is(
    course_server: ServedServer,
) -> None:
    with course_server.database.transaction() as session:
        writer.archive(
            session, course_server.caller.organization_id, course_server.walkthrough_id, DASHBOARD
        )

    async def names(client: Any) -> Any:
        return [tool.name for tool in (await client.list_tools()).tools]

    assert len(talk(course_server.anonymous, names)) == 5
    assert "Nothing is published" in text(call(course_server.anonymous, "list_walkthroughs"))


def test_a_server_whose_tools_are_off_has_none(course_server: ServedServer) -> None:
    with course_server.database.transaction() as session:
        session.get(McpServer, course_server.caller.server_id).walkthrough_tools_enabled = False

    with pytest.RaisesGroup(MCPError, flatten_subgroups=True) as raised:
        call(course_server.anonymous, "list_walkthroughs")
    assert raised.group_contains(MCPError, match="There is no tool", depth=None)
