"""Which requests are answered beside the SDK: the ordinary ones, and no other."""

import json

from tests.step_requests import MODERN, PREFIX, VERSIONS, Sent
from walkthroughs.mcp_server.step_call import (
    SELECT_TOOL,
    STATUS_TOOL,
    STEP_TOOL,
    KnownCall,
    fast_step_id,
    read_known_call,
)


def known(sent):
    return read_known_call(sent.body, dict(sent.headers), len(sent.headers))


def sent(version=None, **changes):
    """A step call with another member of its message, or of its params."""
    made = Sent(version, "ws_1")
    for name, value in changes.items():
        (made.message if name in made.message else made.message["params"])[name] = value
    return made


def test_the_ordinary_calls_of_each_version_are_recognised_with_what_they_say():
    for version in VERSIONS:
        assert known(Sent(version, "ws_1")) == KnownCall(
            b"1", STEP_TOOL, {"current_step_id": "ws_1"}, version or "2025-03-26"
        )
    for tool in (SELECT_TOOL, STATUS_TOOL):
        for version in VERSIONS:
            other = sent(version, name=tool, arguments={"walkthrough_id": "wt_1"})
            if version == MODERN:
                other.header(b"mcp-name", tool.encode())
            assert (known(other).tool, known(other).arguments) == (tool, {"walkthrough_id": "wt_1"})
    for given, written in (
        (0, b"0"), (-(2**53), b"-9007199254740992"), (2**53, b"9007199254740992"),
        ("a", b'"a"'), ("x" * 200, b'"' + b"x" * 200 + b'"'), ("A-z_0.9:/+=@", b'"A-z_0.9:/+=@"'),
    ):  # fmt: skip
        assert known(sent(id=given)).request_id == written
    for accept in (b"application/json", b"text/event-stream, application/json"):
        plain = sent()
        plain.header(b"accept", accept)
        assert known(plain)
    whole = Sent(None, "ws_1")
    whole.raw = whole.body.ljust(4000)
    assert known(whole)
    assert known(sent(_meta={"progressToken": 1}))


def test_whatever_is_unusual_is_left_to_the_sdk():
    for changes in (
        {"id": 2**53 + 1}, {"id": -(2**53) - 1}, {"id": True}, {"id": None}, {"id": 1.0}, {"id": ""},
        {"id": "x" * 201}, {"id": 'a"b'}, {"id": "ä"}, {"id": [1]}, {"jsonrpc": "1.0"}, {"jsonrpc": 2},
        {"method": "tools/list"}, {"params": None}, {"params": []}, {"name": 1}, {"arguments": None},
        {"name": "list_walkthroughs"}, {"task": {}}, {"arguments": {}}, {"_meta": 5}, {"_meta": []},
        {"arguments": {"current_step_id": "a", "other": 1}}, {"arguments": {"current_step_id": 5}},
        {"arguments": {"current_step_id": "a b"}}, {"arguments": {"current_step_id": "a" * 81}},
        {"arguments": [STEP_TOOL]}, {"name": 1, "arguments": {"current_step_id": STEP_TOOL}},
        {"name": SELECT_TOOL, "arguments": STEP_TOOL},
    ):  # fmt: skip
        assert known(sent(**changes)) is None, changes
    for raw in (
        b"", STEP_TOOL.encode(), b"[]", b'"' + STEP_TOOL.encode() + b'"',
        Sent(None, "a").body.ljust(4001), Sent(None, "a").body.replace(b'"id": 1', b'"id": NaN'),
        Sent(None, "a").body + Sent(None, "a").body, json.dumps([Sent(None, "a").message]).encode(),
        Sent(None, "a").body.replace(b'"id"', b'"other"'),
        Sent(None, "a").body.replace(b'"id": 1', b'"id": 1, "other": 1'),
    ):  # fmt: skip
        made = Sent(None, "a")
        made.raw = raw
        assert known(made) is None, raw
    for version, name, value in (
        (None, b"content-type", b"text/plain"), (None, b"content-type", None),
        (None, b"accept", b"text/html"), (None, b"accept", None), (None, b"accept", b"*/*"),
        (None, b"mcp-protocol-version", b"2099-01-01"), (None, b"mcp-protocol-version", b""),
        (None, b"mcp-protocol-version", b"\xff"),
        (MODERN, b"mcp-method", None), (MODERN, b"mcp-method", b"tools/list"),
        (MODERN, b"mcp-name", None), (MODERN, b"mcp-name", SELECT_TOOL.encode()),
        (MODERN, b"content-type", b"text/plain"), (MODERN, b"accept", b"text/html"),
    ):  # fmt: skip
        made = Sent(version, "a")
        made.header(name, value)
        assert known(made) is None, (version, name, value)
    twice = Sent(None, "a")
    twice.headers.append(twice.headers[0])
    assert known(twice) is None
    named = f"{PREFIX}protocolVersion"
    for meta in (
        None,
        {},
        {named: "2025-11-25"},
        {named: MODERN, f"{PREFIX}clientCapabilities": 5},
    ):
        assert known(sent(MODERN, _meta=meta)) is None, meta
    del (bare := Sent(MODERN, "a")).message["params"]["_meta"]
    assert known(bare) is None


def test_a_step_is_named_by_one_well_formed_id_alone():
    assert fast_step_id(STEP_TOOL, {"current_step_id": "ws_1"}) == "ws_1"
    assert fast_step_id(SELECT_TOOL, {"current_step_id": "ws_1"}) is None
    for arguments in (None, "current_step_id", {}, {"current_step_id": "ws_1\n"}):
        assert fast_step_id(STEP_TOOL, arguments) is None
