"""Clients that other people wrote walk a walkthrough to its end."""

import json

import pytest

from tests.outside.node import HERE, MODULES, run_node
from walkthroughs import progress
from walkthroughs.models import Status

_TITLES = ["One", "Two", "Three"]
_TOOLS = [
    "list_walkthroughs",
    "select_walkthrough",
    "next_walkthrough_step",
    "get_walkthrough_status",
    "reset_walkthrough_progress",
]


@pytest.mark.parametrize(
    ("script", "mode", "protocol"),
    [
        ("walk_v1.mjs", (), "2025-11-25"),
        ("walk_v2.mjs", ("legacy",), "2025-11-25"),
        ("walk_v2.mjs", ("auto",), "2026-07-28"),
    ],
)
def test_the_typescript_clients_walk_to_the_end(school, script, mode, protocol):
    done = run_node(HERE / script, school.address, *mode)

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["protocol"] == protocol
    assert seen["tools"] == _TOOLS
    assert seen["titles"] == _TITLES
    assert seen["status"] == "completed"
    assert _status(school) is Status.COMPLETED


def test_the_inspector_walks_to_the_end(school):
    assert [tool["name"] for tool in _inspect(school, "tools/list")["tools"]] == _TOOLS
    (card,) = _tool(school, "list_walkthroughs")["walkthroughs"]
    view = _tool(school, "select_walkthrough", walkthrough_id=card["id"])
    titles = []
    while view["step"]:
        titles.append(view["step"]["title"])
        view = _tool(school, "next_walkthrough_step", current_step_id=view["step"]["id"])

    assert titles == _TITLES
    assert _status(school) is Status.COMPLETED


def _tool(school, name, **arguments):
    pairs = [part for key, value in arguments.items() for part in ("--tool-arg", f"{key}={value}")]
    result = _inspect(school, "tools/call", "--tool-name", name, *pairs)
    assert not result.get("isError"), result
    return result["structuredContent"]


def _inspect(school, method, *more):
    program = MODULES / "inspector" / "clients" / "launcher" / "build" / "index.js"
    target = ("--cli", school.address, "--transport", "http", "--method", method)
    done = run_node(program, *target, "--format", "json", *more)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)["result"]


def _status(school):
    return progress.status(school.database, school.caller, school.walkthrough_id).status
