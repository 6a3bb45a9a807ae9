"""Recognise the common calls in a request, before the SDK reads it. Pure.

Only what the SDK is sure to accept is recognised. Everything else is no such call, so that the SDK
judges it, and answers it in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcp.types import DEFAULT_NEGOTIATED_VERSION, CallToolRequestParams, methods
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError
from pydantic_core import from_json

from walkthroughs.mcp_server.arguments import ID_PATTERN

STEP_TOOL = "next_walkthrough_step"
LIST_TOOL = "list_walkthroughs"
SELECT_TOOL, STATUS_TOOL = "select_walkthrough", "get_walkthrough_status"
_TOOLS = frozenset(name.encode() for name in (STEP_TOOL, SELECT_TOOL, STATUS_TOOL))
_METHOD = "tools/call"
_UNSAID = DEFAULT_NEGOTIATED_VERSION.encode()
#: An ordinary one has a quarter of it. So no number in it is too long for any reader of JSON.
MAX_BYTES = 4000
_MAX_ID = 2**53
#: Ids that are written in JSON as they are.
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.:/+=@-]{1,200}")
_MESSAGE = {"jsonrpc", "id", "method", "params"}
_PARAMS = ({"name", "arguments"}, {"name", "arguments", "_meta"})


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A call of a common tool that is like nearly all of them.

    Attributes:
        request_id: of the message, as JSON.
        tool: its name.
        arguments: those of a step call are one step's id, well formed; others are to be checked.
        version: of the protocol.
    """

    request_id: bytes
    tool: str
    arguments: dict[str, Any]
    version: str


def read_known_call(
    body: bytes, headers: Mapping[bytes, bytes], header_count: int
) -> KnownCall | None:
    """Return the common call that a request is; none if anything in it is unusual.

    Args:
        body: of the request, whole.
        headers: by name. What is repeated is there once.
        header_count: how many there are, with those that are repeated.
    """
    if len(body) > MAX_BYTES or not any(tool in body for tool in _TOOLS):
        return None
    version = _version(headers) if len(headers) == header_count else None
    if version is None:
        return None
    try:
        message = from_json(body, allow_inf_nan=False)
    except ValueError:
        return None
    if not isinstance(message, dict) or message.keys() != _MESSAGE:
        return None
    request_id = _plain_id(message["id"])
    params, name = message["params"], headers.get(b"mcp-name")
    is_call = message["jsonrpc"] == "2.0" and message["method"] == _METHOD
    if request_id is None or not is_call or not _is_known(params, version):
        return None
    tool, arguments = params["name"], params["arguments"]
    if version in MODERN_PROTOCOL_VERSIONS and name != tool.encode():
        return None
    return KnownCall(request_id, tool, arguments, version)


def fast_step_id(name: str, arguments: object) -> str | None:
    """Return the step that the call completes, if it is such a call and well formed."""
    if name != STEP_TOOL or not isinstance(arguments, dict):
        return None
    if arguments.keys() != {"current_step_id"}:
        return None
    step_id = arguments["current_step_id"]
    return step_id if isinstance(step_id, str) and re.fullmatch(ID_PATTERN, step_id) else None


def _version(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the version of the protocol, if the headers fit it and name JSON."""
    accepted = headers.get(b"accept", b"").split(b",")
    is_json = headers.get(b"content-type") == b"application/json" and any(
        kind.strip() == b"application/json" for kind in accepted
    )
    version = headers.get(b"mcp-protocol-version", _UNSAID).decode("latin-1")
    if not is_json:
        return None
    if version in MODERN_PROTOCOL_VERSIONS:
        return version if headers.get(b"mcp-method") == _METHOD.encode() else None
    return version if version in HANDSHAKE_PROTOCOL_VERSIONS else None


def _is_known(params: object, version: str) -> bool:
    """Return whether *params* are of a common call, and such that the SDK does not refuse them."""
    if not isinstance(params, dict) or params.keys() not in _PARAMS:
        return False
    tool, arguments = params["name"], params["arguments"]
    if not isinstance(tool, str) or not isinstance(arguments, dict):
        return False
    if tool == STEP_TOOL and fast_step_id(tool, arguments) is None:
        return False
    return tool.encode() in _TOOLS and _is_accepted(params, version)


def _is_accepted(params: dict[str, Any], version: str) -> bool:
    """Return whether the SDK accepts *params*, by its own models."""
    meta = params.get("_meta")
    if version in MODERN_PROTOCOL_VERSIONS and (
        not isinstance(meta, dict) or meta.get("io.modelcontextprotocol/protocolVersion") != version
    ):
        return False
    try:
        methods.validate_client_request(_METHOD, version, params)
        CallToolRequestParams.model_validate(params, by_name=False)
    except ValidationError:
        return False
    return True


def _plain_id(request_id: object) -> bytes | None:
    if isinstance(request_id, str):
        return f'"{request_id}"'.encode() if _PLAIN_ID.fullmatch(request_id) else None
    if type(request_id) is int and abs(request_id) <= _MAX_ID:
        return str(request_id).encode()
    return None
