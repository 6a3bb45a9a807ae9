"""Clients that other people wrote walk to the end, begin again, and go on after an outage."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack
from functools import partial

import pytest
from mcp.server.apps import APP_MIME_TYPE

from tests.outside.client_process import Client, official, python
from tests.outside.node import MODULES, run_node
from tests.refusing import connections_refused
from tests.waiting import SOON
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.mcp_server import endpoint
from walkthroughs.mcp_server.tenant import TenantLookup

_SHOWN = ["Do one.", "Do two.", "Do three."]
_TITLES = ["One", "Two", "Three"]
_TOOLS = [
    "list_walkthroughs",
    "select_walkthrough",
    "next_walkthrough_step",
    "get_walkthrough_status",
    "reset_walkthrough_progress",
]
_CLIENTS = [
    official("typescript-1", "typescript_1.mjs", "2025-11-25"),
    official("typescript-2-legacy", "typescript_2.mjs", "2025-11-25", "legacy"),
    official("typescript-2-auto", "typescript_2.mjs", "2026-07-28", "auto"),
    official("mcp-2-legacy", "python_2.py", "2025-11-25", "legacy"),
    official("mcp-2-auto", "python_2.py", "2026-07-28", "auto"),
    python("mcp-1.9", "python_1.py", "2025-03-26"),
    python("mcp-1", "python_1.py", "2025-11-25"),
    python("fastmcp", "fastmcp_client.py", "2026-07-28"),
    python("langchain", "langchain_tools.py", "2025-11-25", shows_view=False),
    python("openai-agents", "openai_agents_tools.py", "2026-07-28", shows_view=False),
    python("pydantic-ai", "pydantic_ai_tools.py", "2026-07-28", shows_view=False),
]


@pytest.fixture(scope="module", params=_CLIENTS, ids=lambda program: program.name)
def client(request):
    started = Client(request.param)
    yield started
    assert started.stop() in (0, None)


@pytest.fixture
def known_for_seconds(request, monkeypatch):
    """How long the endpoint knows who a request is from, before it asks the database again."""
    lookup = partial(TenantLookup, cache_seconds=request.param)
    monkeypatch.setattr(endpoint, "TenantLookup", lookup)


def test_a_client_walks_to_the_end_and_begins_again(client, course_server):
    with client.connection(course_server.address) as met:
        chosen = client.call("list_walkthroughs").walkthrough_id
        first = client.call("select_walkthrough", walkthrough_id=chosen)
        shown, last = _walk(client, first)
        status = client.call("get_walkthrough_status", walkthrough_id=chosen)
        finished = _status(course_server)
        again = client.call("select_walkthrough", walkthrough_id=chosen, resume_if_exists=False)

    assert met == {"protocol": client.program.protocol, "tools": _TOOLS}
    assert (first.view is not None) is client.program.shows_view
    assert shown == _SHOWN
    assert "finished, 3 of 3" in last.text
    assert "completed" in status.text
    assert status.structured is None or status.structured["status"] == "completed"
    assert finished is ProgressStatus.COMPLETED
    assert again.step_id == first.step_id
    assert _status(course_server) is ProgressStatus.IN_PROGRESS


# Knowing who a request is from, the tool meets the outage; else the lookup before it.
@pytest.mark.parametrize("known_for_seconds", [60, 0], indirect=True)
@pytest.mark.behaviour("B8")
def test_a_client_reads_of_an_outage_and_goes_on_with_the_same_connection(
    client, known_for_seconds, course_server, postgres
):
    with client.connection(course_server.address):
        first = client.call("select_walkthrough", walkthrough_id=course_server.walkthrough_id)
        second = client.call("next_walkthrough_step", current_step_id=first.step_id)
        with connections_refused(postgres):
            for _ in range(2):
                _expect_our_words(client, "next_walkthrough_step", current_step_id=second.step_id)
            _expect_our_words(client, "list_walkthroughs")
        shown, last = _walk(client, second)

    assert shown == _SHOWN[1:]
    assert "finished, 3 of 3" in last.text
    assert _status(course_server) is ProgressStatus.COMPLETED


@pytest.mark.behaviour("B8")
def test_a_client_that_connects_during_an_outage_goes_on_with_the_same_connection(
    client, course_server, postgres
):
    wanted = {"walkthrough_id": course_server.walkthrough_id}
    with ExitStack() as stack:
        with connections_refused(postgres):
            met = stack.enter_context(client.connection(course_server.address))
            _expect_our_words(client, "select_walkthrough", **wanted)
        shown, last = _walk(client, client.call("select_walkthrough", **wanted))

    assert met == {"protocol": client.program.protocol, "tools": _TOOLS}
    assert shown == _SHOWN
    assert "finished, 3 of 3" in last.text


@pytest.mark.parametrize("client", _CLIENTS[:3], ids=lambda program: program.name, indirect=True)
def test_a_client_reads_prompts_and_resources(client, course_server):
    row = course_server.walkthrough_id
    with client.connection(course_server.address):
        prompts = client.ask("prompts/list")["prompts"]
        said = client.ask("prompts/get", name="deploy")["messages"][0]["content"]["text"]
        resources = client.ask("resources/list")["resources"]
        kinds = client.ask("resources/templates/list")["resourceTemplates"]
        first = client.call("select_walkthrough", walkthrough_id=row)
        outline, step, ahead = (
            client.ask("resources/read", uri=resources[0]["uri"] + rest)
            for rest in ("", f"/steps/{first.step_id}", "/steps/ws_nothing")
        )
        card = client.ask("resources/read", uri=resources[-1]["uri"])["contents"][0]

    assert [prompt["name"] for prompt in prompts] == ["continue", "deploy"]
    assert f'Call select_walkthrough with walkthrough_id "{row}"' in said
    assert [kind["name"] for kind in kinds] == ["walkthrough", "step"]
    assert "[ ] 1. One" in outline["contents"][0]["text"]
    assert step["contents"][0]["text"].endswith("Do one.")
    assert "nothing to read" in ahead["error"]["message"]
    assert card["mimeType"] == APP_MIME_TYPE
    assert card["_meta"]["ui"]["csp"]["resourceDomains"] == ["http://localhost:8000"]
    assert card["text"].endswith("</html>\n")


def test_the_inspector_reads_the_step_card_and_walks_to_the_end(course_server):
    tools = _inspect(course_server, "tools/list")["tools"]
    assert [tool["name"] for tool in tools] == _TOOLS
    uri = tools[1]["_meta"]["ui"]["resourceUri"]
    (page,) = _inspect(course_server, "resources/read", "--uri", uri)["contents"]
    assert (page["uri"], page["mimeType"]) == (uri, APP_MIME_TYPE)
    (card,) = _tool(course_server, "list_walkthroughs")["walkthroughs"]
    view = _tool(course_server, "select_walkthrough", walkthrough_id=card["id"])
    titles = []
    while view["step"]:
        titles.append(view["step"]["title"])
        view = _tool(course_server, "next_walkthrough_step", current_step_id=view["step"]["id"])

    assert titles == _TITLES
    assert _status(course_server) is ProgressStatus.COMPLETED


def _walk(client, answer):
    """Take the step of *answer* and those after it; return what was to be shown, and the end."""
    shown = []
    while step_id := answer.step_id:
        shown += re.findall(r"Do \w+\.", answer.text)
        answer = client.call("next_walkthrough_step", current_step_id=step_id)
    return shown, answer


def _expect_our_words(client, name, **arguments):
    begun = time.monotonic()
    answer = client.call(name, **arguments)
    took = time.monotonic() - begun
    assert "Nothing was lost" in answer.text
    assert answer.is_error in (True, None)
    assert took < SOON


def _tool(course_server, name, **arguments):
    pairs = [part for key, value in arguments.items() for part in ("--tool-arg", f"{key}={value}")]
    result = _inspect(course_server, "tools/call", "--tool-name", name, *pairs)
    assert not result.get("isError"), result
    return result["_meta"]["handrail/view"]


def _inspect(course_server, method, *more):
    program = MODULES / "inspector" / "clients" / "launcher" / "build" / "index.js"
    target = ("--cli", course_server.address, "--transport", "http", "--method", method)
    done = run_node(program, *target, "--format", "json", *more)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)["result"]


def _status(course_server):
    return progress.status(
        course_server.database, ContentCache(), course_server.caller, course_server.walkthrough_id
    ).status
