"""How an address is added to each assistant."""

import base64
import json
import shlex
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from admin.connecting import assistants, reach_fault

ADDRESS = "https://learn.acme.example/s/acme/mcp"


def by_name():
    return {each.name: each for each in assistants("acme", ADDRESS)}


def test_every_way_ends_at_the_address():
    for each in by_name().values():
        assert ADDRESS in (each.command or ""), each.name
        assert each.steps


def test_a_command_is_words_that_a_shell_does_not_change():
    for name in ("Claude Code", "Codex", "Gemini CLI"):
        assert by_name()[name].command.split() == shlex.split(by_name()[name].command)


def test_a_link_opens_the_assistant_with_name_and_address_filled_in():
    cursor = parse_qs(urlsplit(by_name()["Cursor"].link).query)
    assert cursor["name"] == ["acme"]
    assert json.loads(base64.b64decode(cursor["config"][0])) == {"url": ADDRESS}
    scheme, _, query = by_name()["VS Code"].link.partition("?")
    assert scheme == "vscode:mcp/install"
    assert json.loads(unquote(query)) == {"name": "acme", "type": "http", "url": ADDRESS}


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (ADDRESS, None),
        ("http://learn.acme.example/s/acme/mcp", "no TLS"),
        ("http://localhost:8000/s/acme/mcp", "only on the machine"),
        ("https://127.0.0.1/s/acme/mcp", "only on the machine"),
    ],
)
def test_an_address_that_others_cannot_reach_is_said_to_be_one(address, words):
    fault = reach_fault(address)
    assert (fault is None) if words is None else (words in fault)
