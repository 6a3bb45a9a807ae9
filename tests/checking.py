"""An author's machine that asks what a folder would change."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from app import build_app, create_app
from sync.commands.lint import lint_command
from sync.merge_check.upload import TOKEN
from tests.serving import served

EXAMPLE = Path(__file__).parents[1] / "content_repo_example"


KNOWN = "x" * 43


def lint_against(folder, address, token, *options):
    arguments = [str(folder), "--against", address, *options]
    return CliRunner().invoke(lint_command, arguments, env={TOKEN: token})


class AuthorMachine:
    """An author's machine: a folder that nobody has committed, and a token to ask with."""

    def __init__(self, synced, folder, origin):
        self.synced, self.folder, self.origin = synced, folder, origin
        self.address = f"{origin}/check/{synced.source_id}"
        self.token = self.make_token()

    def make_token(self):
        runner = create_app(self.synced.settings).test_cli_runner()
        made = runner.invoke(args=["sync", "source", "check-token", "content"])
        assert f"/check/{self.synced.source_id}\n" in made.output
        return re.search(r"Token +([\w-]+)", made.output)[1]

    def lint(self, *options, against=None, token=None):
        asked, known = against or self.address, self.token if token is None else token
        return lint_against(self.folder, asked, known, *options)

    def plan(self):
        """Return what the server says, and whether the check passes."""
        found = self.lint("--json")
        return json.loads(found.stdout)["plan"], found.exit_code == 0

    def post(self, body, token=None, **headers):
        sent = {"Authorization": f"Bearer {token or self.token}"} | headers
        return httpx.post(self.address, content=body, headers=sent)


@pytest.fixture
def machine(synced):
    """The folder of the source's author, and an application that would poll once an hour."""
    slow = replace(synced.settings, poll_seconds=3600)
    with served(build_app(slow, create_app(slow))) as origin:
        yield AuthorMachine(synced, synced.author.folder, origin)
