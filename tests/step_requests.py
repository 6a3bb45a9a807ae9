"""Requests of a step call as clients might send them: ordinary ones, with some oddities or none."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from walkthroughs.mcp_server.step_call import STEP_TOOL

MODERN = "2026-07-28"
#: None: the client names no version.
VERSIONS = (None, "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", MODERN)
PREFIX = "io.modelcontextprotocol/"


@dataclass
class Sent:
    """A request. *way* is how the learner is known: "link", "bearer", "nobody" or "ended"."""

    version: str | None
    step: str
    way: str = "link"
    message: dict[str, Any] = field(default_factory=dict)
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    raw: bytes | None = None

    def __post_init__(self) -> None:
        params = {"name": STEP_TOOL, "arguments": {"current_step_id": self.step}}
        self.headers = [
            (b"content-type", b"application/json"),
            (b"accept", b"application/json, text/event-stream"),
        ]
        if self.version is not None:
            self.headers.append((b"mcp-protocol-version", self.version.encode()))
        if self.version == MODERN:
            self.headers += [(b"mcp-method", b"tools/call"), (b"mcp-name", STEP_TOOL.encode())]
            meta = {f"{PREFIX}protocolVersion": MODERN, f"{PREFIX}clientCapabilities": {}}
            params["_meta"] = meta
        self.message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}

    @property
    def body(self) -> bytes:
        return json.dumps(self.message).encode() if self.raw is None else self.raw

    def header(self, name: bytes, value: bytes | None) -> None:
        """Set a header, or leave it out."""
        self.headers = [pair for pair in self.headers if pair[0] != name]
        if value is not None:
            self.headers.append((name, value))


_words = st.text(max_size=8)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_words, inner, max_size=2),
    max_leaves=4,
)
IDS = st.one_of(
    st.integers(), st.integers(-9, 9), _words, st.from_regex(r"[a-z0-9-]{1,36}", fullmatch=True),
    st.booleans(), st.none(), st.floats(allow_nan=False), st.just([1]), st.just(10**30),
)  # fmt: skip
_META_KEYS = st.sampled_from(
    [f"{PREFIX}protocolVersion", f"{PREFIX}clientCapabilities", f"{PREFIX}clientInfo",
     f"{PREFIX}logLevel", f"{PREFIX}related-task", "progressToken", "traceparent", "someone/id"]
)  # fmt: skip
_META_VALUES = st.one_of(
    _json,
    st.sampled_from(
        [{"name": "x", "version": "1"}, {"name": "x"}, {"roots": {}, "sampling": {}}, "debug",
         {"elicitation": {"form": {}}}, {"experimental": {"a": {"b": 1}}}, MODERN, "loud"]
    ),
)  # fmt: skip
_HEADERS = {
    b"content-type": (b"application/json; charset=utf-8", b"Application/JSON", b"text/plain", None),
    b"accept": (b"*/*", b"text/event-stream", b"application/json", b"application/json;q=0.5", None,
                b"text/event-stream,application/json", b"application/jsonx", b"text/html"),
    b"mcp-protocol-version": (b"2099-01-01", b"", b"2025-11-25", MODERN.encode(), None),
    b"mcp-method": (b"tools/list", b"", None),
    b"mcp-name": (b"list_walkthroughs", b"=?base64?bmV4dF93YWxrdGhyb3VnaF9zdGVw?=", None),
    b"mcp-session-id": (b"abc",),
    b"mcp-param-x": (b"1",),
    b"traceparent": (b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", b"x"),
}  # fmt: skip
_ARGUMENTS = st.one_of(
    st.sampled_from([{}, None, "x", [], {"current_step_id": None}, {"current_step_id": ""},
                     {"current_step_id": "nowhere"}, {"current_step_id": 5},
                     {"current_step_id": "a b"}, {"current_step_id": "a" * 81}]),
    st.dictionaries(st.sampled_from(["current_step_id", "other"]), _json, max_size=2),
)  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> tuple[str | None, str, list[tuple[Any, ...]]]:
    """Draw a version, a way, and what to change: the ids of steps are not known yet."""
    changes = draw(
        st.lists(
            st.one_of(
                st.tuples(st.just("id"), IDS),
                st.tuples(st.just("meta"), st.dictionaries(_META_KEYS, _META_VALUES, max_size=3)),
                st.tuples(st.just("no meta"), st.sampled_from([None, [], "x", {}])),
                st.tuples(st.just("arguments"), _ARGUMENTS),
                st.sampled_from([("header", n, v) for n, all in _HEADERS.items() for v in all]),
                st.sampled_from([("twice", n) for n in _HEADERS]),
                st.tuples(st.just("params"), st.sampled_from(["task", "requestState", "x"]), _json),
                st.tuples(st.just("top"), st.sampled_from(["result", "error", "x"]), _json),
                st.sampled_from([("without", k) for k in ("id", "jsonrpc", "method", "params")]),
                st.sampled_from(
                    [("raw", each) for each in ("bom", "space", "again", "long", "cut")]
                ),
                st.sampled_from([("raw", each) for each in ("surrogate", "nan", "batch", "huge")]),
                st.sampled_from([("method", "tools/list"), ("method", "ping"), ("method", None)]),
                st.sampled_from([("name", "list_walkthroughs"), ("name", "nothing"), ("name", 1)]),
            ),
            max_size=2,
        )
    )
    way = draw(st.sampled_from(["link", "link", "bearer", "bearer", "nobody", "ended"]))
    return draw(st.sampled_from(VERSIONS)), way, changes


def changed(sent: Sent, change: tuple[Any, ...]) -> None:
    """Make one change to a request, if it is still possible."""
    kind, *how = change
    if kind in ("id", "method"):
        sent.message[kind] = how[0]
    elif kind == "without":
        sent.message.pop(how[0], None)
    elif kind == "top":
        sent.message[how[0]] = how[1]
    elif kind == "header":
        sent.header(how[0], how[1])
    elif kind == "twice":
        sent.headers += [pair for pair in sent.headers if pair[0] == how[0]]
    elif kind == "raw":
        sent.raw = _rewritten(sent.body, how[0])
    elif "params" in sent.message:
        _change_params(sent.message["params"], kind, how)


def _change_params(params: dict[str, Any], kind: str, how: list[Any]) -> None:
    if kind == "meta":
        meta = params.get("_meta")
        params["_meta"] = {**(meta if isinstance(meta, dict) else {}), **how[0]}
    elif kind == "no meta":
        params["_meta"] = how[0]
    elif kind == "params":
        params[how[0]] = how[1]
    else:
        params[kind] = how[0]


def _rewritten(body: bytes, how: str) -> bytes:
    beside = {
        "long": b'"x":"' + b"x" * 5000 + b'",',
        "again": b'"id":7,',
        "surrogate": b'"x":"\\ud800",',
        "nan": b'"x":NaN,',
        "huge": b'"x":' + b"9" * 5000 + b",",
    }
    if how in beside:
        return body.replace(b"{", b"{" + beside[how], 1)
    whole = {
        "bom": b"\xef\xbb\xbf" + body,
        "space": b" \n" + body + b"\t",
        "batch": b"[" + body + b"]",
    }
    return whole.get(how, body[:-1])
