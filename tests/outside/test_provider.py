"""Learners sign in at a provider that other people wrote, with its own pages."""

from __future__ import annotations

import re
import subprocess
from html import unescape
from threading import Timer
from urllib.parse import urljoin

import pytest

from tests.openid import Learner, use_provider
from tests.outside.node import HERE, NODE
from tests.outside.test_sign_in import Node
from tests.serving import free_port
from tests.signing_in import LEA, academy_served, sql
from tests.waiting import PATIENCE


class NpmProvider:
    """The provider, in a process of its own."""

    def __init__(self, callback):
        port = free_port()
        self.issuer = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [NODE, HERE / "provider.mjs", str(port), callback],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.timer = Timer(3 * PATIENCE, self.process.kill)
        self.timer.start()

    def __enter__(self):
        self.wait_for("ready")
        return self

    def __exit__(self, *_):
        self.timer.cancel()
        with self.process:
            self.process.stdin.close()
            assert self.process.wait(PATIENCE) == 0

    def do(self, job):
        print(job, file=self.process.stdin, flush=True)
        self.wait_for("done")

    def wait_for(self, word):
        """Read past what the provider says of itself."""
        said = []
        while word not in said:
            said.append(self.process.stdout.readline().rstrip("\n"))
            assert self.process.poll() is None, said


class Person(Learner):
    """A person who fills in the provider's login page and agrees on its consent page."""

    def leave(self, url):
        answer = self.submit(self.get(url), "provider")
        for _ in range(20):
            while answer.status_code in {302, 303}:
                address = urljoin(str(answer.url), answer.headers["location"])
                if address.startswith(f"{self.academy.oauth}/callback"):
                    return address
                answer = self.get(address)
            assert answer.status_code == 200, answer.text
            (action,) = re.findall(r'<form[^>]* action="([^"]+)"', answer.text)
            hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
            typed = {"login": "lea", "password": "any"} if hidden["prompt"] == "login" else {}
            answer = self.request("POST", unescape(action), data=hidden | typed)
        raise AssertionError(answer.text)


@pytest.fixture
def academy(database, settings):
    with academy_served(database, settings) as made:
        yield made


def test_typescript_signs_in_at_a_provider_takes_a_step_renews_its_token_and_takes_another(academy):
    with NpmProvider(f"{academy.oauth}/callback") as provider:
        use_provider(academy, provider.issuer)
        with Node("2", "auto") as node:
            assert node.begin(Person(academy), LEA, academy.resource)
            step = node.call("select_walkthrough", walkthrough_id=academy.walkthrough_id)["step"]
            step = node.call("next_walkthrough_step", current_step_id=step["id"])["step"]
            sql(academy, "UPDATE oauth_tokens SET expires_at = 0 WHERE kind = 'access'")
            step = node.call("next_walkthrough_step", current_step_id=step["id"])["step"]
        url = academy.authorize_url(academy.register()["client_id"])
        provider.do("rotate")
        rotated = Person(academy).sign_in(url)
        person = Person(academy)
        back = person.leave(url)
        provider.do("down")
        down = person.arrive(back)
        provider.do("up")
        up = person.sign_in(url)

    assert (step["title"], node.opened) == ("Three", 1)
    assert LEA in rotated.text
    assert (down.status_code, "does not answer now" in down.text) == (503, True)
    assert LEA in up.text
