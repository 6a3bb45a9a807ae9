"""Recognise the ordinary step call in a request, before the SDK reads it. Pure.

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
_METHOD = "tools/call"
_UNSAID = DEFAULT_NEGOTIATED_VERSION.encode()
_NAMED = (_METHOD.encode(), STEP_TOOL.encode())
#: An ordinary one has a quarter of it. So no number in it is too long for any reader of JSON.
_MAX_BYTES = 4000
_MAX_ID = 2**53
#: Ids that are written in JSON as they are.
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.:/+=@-]{1,200}")
_MESSAGE = {"jsonrpc", "id", "method", "params"}
_PARAMS = ({"name", "arguments"}, {"name", "arguments", "_meta"})


@dataclass(frozen=True, slots=True)
class StepCall:
    """A step call that is like nearly all of them.

    Attributes:
        request_id: of the message, as JSON.
        step_id: what the learner has done. It is well formed.
        version: of the protocol.
    """

    request_id: bytes
    step_id: str
    version: str


def read_step_call(
    body: bytes, headers: Mapping[bytes, bytes], header_count: int
) -> StepCall | None:
    """Return the step call that a request is; none if anything in it is unusual.

    Args:
        body: of the request, whole.
        headers: by name. What is repeated is there once.
        header_count: how many there are, with those that are repeated.
    """
    version = _version(headers) if len(headers) == header_count else None
    if version is None or len(body) > _MAX_BYTES:
        return None
    try:
        message = from_json(body, allow_inf_nan=False)
    except ValueError:
        return None
    if not isinstance(message, dict) or message.keys() != _MESSAGE:
        return None
    request_id = _plain_id(message["id"])
    step_id = _step_of(message["params"], version)
    is_call = message["jsonrpc"] == "2.0" and message["method"] == _METHOD
    if request_id is None or step_id is None or not is_call:
        return None
    return StepCall(request_id, step_id, version)


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
        named = headers.get(b"mcp-method"), headers.get(b"mcp-name")
        return version if named == _NAMED else None
    return version if version in HANDSHAKE_PROTOCOL_VERSIONS else None


def _step_of(params: object, version: str) -> str | None:
    """Return what the learner has done; none if the SDK might refuse *params*."""
    if not isinstance(params, dict) or params.keys() not in _PARAMS:
        return None
    step_id = fast_step_id(params["name"], params["arguments"])
    return step_id if step_id is not None and _is_accepted(params, version) else None


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
