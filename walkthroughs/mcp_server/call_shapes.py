"""Know a call again that is written like an earlier one, so that it is not read from the start.

A client writes all its calls of a tool alike, but for the ids in them. The rest of the bytes is the
shape. A shape is known once a call of it was read and accepted; ids of the same kind change nothing
in that.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from walkthroughs.mcp_server.step_call import (
    MAX_BYTES,
    STEP_TOOL,
    KnownCall,
    fast_step_id,
    read_known_call,
)

#: Names whose values differ from call to call. The second group is a value whose bytes stand for
#: themselves, so that it can be exchanged for another one of its kind.
_VALUES = re.compile(
    rb'("(?:id|progressToken|current_step_id|walkthrough_id)": ?)'
    rb'("[A-Za-z0-9_.:/+=@-]{1,200}"|0|-?[1-9][0-9]{0,14})(?=[,}])'
)
_QUOTE = ord('"')
#: What `read_known_call` reads of the headers.
_HEADERS = (b"mcp-protocol-version", b"mcp-name", b"mcp-method", b"accept", b"content-type")
#: About 500 bytes each, at most 4,000.
_MAX_SHAPES = 2_000


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a call of the shape is, and which of its values are the request's and the argument's."""

    tool: str
    argument: str
    version: str
    id_place: int
    argument_place: int


class CallShapes:
    """The shapes of common calls, for one event loop."""

    def __init__(self) -> None:
        self._known: dict[Hashable, _Shape] = {}

    def read(
        self, body: bytes, headers: Mapping[bytes, bytes], header_count: int
    ) -> KnownCall | None:
        """Return what `read_known_call` returns for the same."""
        # A backslash may write a name or a quote in another way.
        if len(headers) != header_count or len(body) > MAX_BYTES or b"\\" in body:
            return read_known_call(body, headers, header_count)
        parts = _VALUES.split(body)
        values = parts[2::3]
        del parts[2::3]
        # Whether an id is a number or a text is of the shape.
        key = (*parts, *(value[0] == _QUOTE for value in values), *map(headers.get, _HEADERS))
        shape = self._known.get(key)
        if shape is not None:
            arguments = {shape.argument: values[shape.argument_place][1:-1].decode()}
            if shape.tool != STEP_TOOL or fast_step_id(shape.tool, arguments):
                return KnownCall(values[shape.id_place], shape.tool, arguments, shape.version)
        known = read_known_call(body, headers, header_count)
        if known is not None and (shape := _shape_of(known, parts)) is not None:
            if len(self._known) >= _MAX_SHAPES:
                self._known.clear()
            self._known[key] = shape
        return known


def _shape_of(known: KnownCall, parts: list[bytes]) -> _Shape | None:
    """Return the shape of a call with one argument; none if another place might hold its ids.

    *parts* are texts and, between them, the names of the values that were taken out.
    """
    names = [name.split(b'"')[1] for name in parts[1::2]]
    argument = next(iter(known.arguments), "")
    if len(known.arguments) != 1 or not isinstance(known.arguments[argument], str):
        return None
    for name in (b"id", argument.encode()):
        if names.count(name) != 1 or any(b'"%b"' % name in text for text in parts[::2]):
            return None
    places = names.index(b"id"), names.index(argument.encode())
    return _Shape(known.tool, argument, known.version, *places)
