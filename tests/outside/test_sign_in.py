"""Clients that other people wrote sign in with nothing but the address."""

from __future__ import annotations

import json
import subprocess
from itertools import count
from threading import Timer

import pytest

from tests.certificates import make_certificate
from tests.conftest import empty, settings_for
from tests.local_names import local_names
from tests.outside.inspector import Inspector
from tests.outside.mcp_remote import McpRemote
from tests.outside.node import HERE, LOCAL_NAMES, NODE
from tests.signing_in import Browser, academy_served, sql
from tests.waiting import PATIENCE
from walkthroughs.database.pool import connect
from walkthroughs.enums import AuthType, SignIn

__all__ = ["local_names"]

_PEOPLE = count()
in_both_forms = pytest.mark.parametrize("form", ["path", "own host"])
in_both_modes = pytest.mark.parametrize("sign_in", list(SignIn))


@pytest.fixture(scope="module")
def academies(postgres, tmp_path_factory, local_names):
    """A server for each way to ask for a sign-in, all in one process and by TLS.

    Clients send no code to a host of its own without TLS, be it on this machine.
    """
    empty(postgres)
    database = connect(postgres)
    folder = tmp_path_factory.mktemp("academies")
    certificate = make_certificate(folder, "localhost", "acme.localhost", "later.localhost")
    with (
        pytest.MonkeyPatch.context() as patch,
        academy_served(
            database,
            settings_for(postgres, folder),
            base_url="https://localhost:{port}",
            certificate=certificate,
        ) as made,
    ):
        patch.setenv("NODE_EXTRA_CA_CERTS", str(certificate))  # for the clients
        patch.setenv("SSL_CERT_FILE", str(certificate))  # for the person's browser
        later = made.beside("later", auth_type=AuthType.OAUTH, sign_in=SignIn.WHEN_NEEDED)
        yield {SignIn.AT_CONNECT: made, SignIn.WHEN_NEEDED: later}
    database.close()


@pytest.fixture
def email():
    """The address of somebody who has not been here before."""
    return f"lea{next(_PEOPLE)}@x.example"


def address_of(academy, form):
    return academy.resource if form == "path" else academy.own_host


class Node:
    """A client in Node, and the person whose browser it opens."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [NODE, "--import", LOCAL_NAMES, HERE / "clients" / "sign_in.mjs", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.timer = Timer(3 * PATIENCE, self.process.kill)
        self.timer.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self.process:
            self.process.stdin.close()
            assert self.process.wait(PATIENCE) == 0
        self.timer.cancel()

    def begin(self, browser, email, address):
        """Connect as a person who was never here; return whether a page was opened for it."""
        self.browser, self.email, self.opened = browser, email, 0
        assert self.ask(address) == {"connected": True}
        return self.opened == 1

    def ask(self, line):
        """Send a line; do in the browser what is wanted there; return the answer."""
        print(line, file=self.process.stdin, flush=True)
        told = json.loads(self.process.stdout.readline())
        if "authorize" not in told:
            return told
        self.opened += 1
        return self.ask(json.dumps(self.browser.allow(told["authorize"], self.email)))

    def call(self, name, **arguments):
        return self.ask(json.dumps({"name": name, "arguments": arguments}))["view"]


@pytest.fixture(
    scope="module", params=[("1", "legacy"), ("2", "legacy"), ("2", "auto")], ids=" ".join
)
def node(request):
    with Node(*request.param) as running:
        yield running


@in_both_forms
@in_both_modes
def test_typescript_signs_in_takes_a_step_renews_its_token_and_takes_another(
    academies, node, email, sign_in, form
):
    academy = academies[sign_in]
    was_asked = node.begin(Browser(academy), email, address_of(academy, form))
    step = node.call("select_walkthrough", walkthrough_id=academy.walkthrough_id)["step"]
    step = node.call("next_walkthrough_step", current_step_id=step["id"])["step"]
    sql(academy, "UPDATE oauth_tokens SET expires_at = 0 WHERE kind = 'access'")
    step = node.call("next_walkthrough_step", current_step_id=step["id"])["step"]

    assert step["title"] == "Three"
    assert was_asked == (sign_in is SignIn.AT_CONNECT)
    assert node.opened == 1


@in_both_forms
@in_both_modes
def test_mcp_remote_signs_in_takes_a_step_renews_its_token_and_takes_another(
    academies, tmp_path, email, sign_in, form
):
    academy = academies[sign_in]
    with McpRemote(academy, address_of(academy, form), email, tmp_path) as bridge:
        step = bridge.call(2, "select_walkthrough", walkthrough_id=academy.walkthrough_id)["step"]
        step = bridge.call(3, "next_walkthrough_step", current_step_id=step["id"])["step"]
        sql(academy, "UPDATE oauth_tokens SET expires_at = 0 WHERE kind = 'access'")
        step = bridge.call(4, "next_walkthrough_step", current_step_id=step["id"])["step"]

    assert (step["title"], bridge.person.opened) == ("Three", 1)


def test_the_inspector_says_that_a_sign_in_is_needed_and_works_with_the_token_it_stored(
    academies, tmp_path
):
    academy = academies[SignIn.AT_CONNECT]
    inspector = Inspector(academy, tmp_path)
    asked = inspector.ask("tools/list")
    signed_in = inspector.ask("tools/list", signs_in=True)
    begun = inspector.ask(
        "tools/call", "--tool-name", "select_walkthrough",
        "--tool-arg", f"walkthrough_id={academy.walkthrough_id}", "--stored-auth-only",
    )  # fmt: skip

    assert (asked.status, asked.said["error"]["code"]) == (3, "auth_required")
    assert (signed_in.status, signed_in.opened) == (0, 1)
    assert len(signed_in.said["result"]["tools"]) == 5
    assert (begun.status, begun.opened) == (0, 0)
    assert begun.said["result"]["_meta"]["handrail/view"]["step"]["title"] == "One"
