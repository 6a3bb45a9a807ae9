"""Clients that other people wrote sign in with nothing but the address."""

from __future__ import annotations

import json
import os
import subprocess
from threading import Timer

import pytest

from tests.outside.mcp_remote import McpRemote
from tests.outside.node import HERE, MODULES, NODE
from tests.signing_in import Browser, academy_served, sql
from walkthroughs.enums import SignIn

_HANGS_SECONDS = 60


class Node:
    """A client in Node, and the person whose browser it opens."""

    def __init__(self, academy, *arguments):
        self.browser, self.opened = Browser(academy), 0
        self.process = subprocess.Popen(
            [NODE, HERE / "clients" / "sign_in.mjs", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.timer = Timer(_HANGS_SECONDS, self.process.kill)
        self.timer.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.timer.cancel()
        with self.process:
            self.process.stdin.close()
            assert self.process.wait(20) == 0

    def ask(self, line):
        """Send a line; do in the browser what is wanted there; return the answer."""
        print(line, file=self.process.stdin, flush=True)
        told = json.loads(self.process.stdout.readline())
        if "authorize" not in told:
            return told
        self.opened += 1
        return self.ask(json.dumps(self.browser.allow(told["authorize"])))

    def call(self, name, **arguments):
        return self.ask(json.dumps({"name": name, "arguments": arguments}))["view"]


@pytest.mark.parametrize("sign_in", list(SignIn))
@pytest.mark.parametrize("arguments", [("1", "legacy"), ("2", "legacy"), ("2", "auto")])
def test_typescript_signs_in_takes_a_step_renews_its_token_and_takes_another(
    database, settings, sign_in, arguments
):
    with (
        academy_served(database, settings, sign_in=sign_in) as academy,
        Node(academy, *arguments) as node,
    ):
        assert node.ask(academy.resource) == {"connected": True}
        opened_at_connect = node.opened
        step = node.call("select_walkthrough", walkthrough_id=academy.walkthrough_id)["step"]
        step = node.call("next_walkthrough_step", current_step_id=step["id"])["step"]
        sql(academy, "UPDATE oauth_tokens SET expires_at = 0 WHERE kind = 'access'")
        step = node.call("next_walkthrough_step", current_step_id=step["id"])["step"]

    assert step["title"] == "Three"
    assert opened_at_connect == (sign_in is SignIn.AT_CONNECT)
    assert node.opened == 1


@pytest.mark.parametrize("sign_in", list(SignIn))
def test_mcp_remote_signs_in_takes_a_step_renews_its_token_and_takes_another(
    database, settings, tmp_path, sign_in
):
    with (
        academy_served(database, settings, sign_in=sign_in) as academy,
        McpRemote(academy, tmp_path) as bridge,
    ):
        step = bridge.call(2, "select_walkthrough", walkthrough_id=academy.walkthrough_id)["step"]
        step = bridge.call(3, "next_walkthrough_step", current_step_id=step["id"])["step"]
        sql(academy, "UPDATE oauth_tokens SET expires_at = 0 WHERE kind = 'access'")
        step = bridge.call(4, "next_walkthrough_step", current_step_id=step["id"])["step"]

    assert (step["title"], bridge.opened) == ("Three", 1)


def test_the_inspector_says_that_a_sign_in_is_needed_and_works_with_a_token(
    database, settings, tmp_path
):
    with academy_served(database, settings) as academy:
        asked = inspect(academy, tmp_path)
        token = academy.tokens()["access_token"]
        listed = inspect(academy, tmp_path, "--header", f"Authorization: Bearer {token}")

    assert (asked.returncode, json.loads(asked.stdout or asked.stderr)["error"]["code"]) == (
        3,
        "auth_required",
    )
    assert listed.returncode == 0
    assert len(json.loads(listed.stdout)["result"]["tools"]) == 5


def inspect(academy, folder, *more):
    program = MODULES / "inspector" / "clients" / "launcher" / "build" / "index.js"
    target = ("--cli", academy.resource, "--transport", "http", "--method", "tools/list")
    return subprocess.run(
        [NODE, program, *target, "--format", "json", *more],
        capture_output=True, text=True, timeout=60, env={**os.environ, "HOME": str(folder)},
        check=False,
    )  # fmt: skip
