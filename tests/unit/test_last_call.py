"""What an assistant is called that says who it is, or does not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from walkthroughs.mcp_server.last_call import client_name

_META = "io.modelcontextprotocol/clientInfo"


@pytest.mark.parametrize(
    ("params", "agent", "name"),
    [
        ({"clientInfo": {"name": "claude-code", "version": "2"}}, "", "Claude Code"),
        ({"clientInfo": {"name": "Visual Studio Code"}}, "", "VS Code"),
        ({"_meta": {_META: {"name": "codex-mcp-client"}}}, "", "Codex"),
        ({"name": "list_walkthroughs"}, "claude-code/2.1 (cli)", "Claude Code"),
        ({}, "openai-mcp/1.0.0", "ChatGPT"),
        ({"clientInfo": {"name": "acme-bot", "title": "Acme\n Bot"}}, "python-httpx", "Acme Bot"),
        ({}, "python-httpx/0.28", None),
        ({"clientInfo": {"name": 7}}, "", None),
        ({"clientInfo": "claude-code"}, "", None),
    ],
)
def test_an_assistant_is_called_as_people_call_it(params, agent, name):
    assert client_name(params, agent) == name


_JSON = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)
)


@settings(max_examples=40)
@given(_JSON, st.sampled_from(["clientInfo", "_meta"]), st.text())
def test_whatever_a_client_says_of_itself_becomes_one_short_line(said, key, agent):
    for params in (
        {key: said},
        {"clientInfo": {"name": said, "title": said}},
        {"_meta": {_META: said}},
    ):
        name = client_name(params, agent)
        assert name is None or (name and len(name) <= 60 and len(name.splitlines()) == 1)
        assert "\0" not in (name or "")
