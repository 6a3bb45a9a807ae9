"""The calls that are measured over HTTP: what clients send, and what they must be answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from bench.client import Call, Load, drive, handshake, legacy_request, request
from bench.seed import SHARE, SIZES, Range, bearer_of, step_of, token_of, walk

#: In the answer of each call that shows a step.
_STEP = b"call next_walkthrough_step with"
#: A tool, its arguments for learners of a walkthrough of some size, and what answers it.
_LOOKS: dict[str, tuple[str, Callable[[int], dict[str, str]], bytes, bytes]] = {
    "list": ("list_walkthroughs", lambda _: {}, b"2 walkthrough(s) on offer", b""),
    "select": ("select_walkthrough", lambda size: {"walkthrough_id": f"wt{size}"}, _STEP, b""),
    "status": (
        "get_walkthrough_status",
        lambda size: {"walkthrough_id": f"wt{size}"},
        b"The learner is at step ",
        b"",
    ),
    # They were seeded one step further.
    "repeated": (
        "next_walkthrough_step",
        lambda size: {"current_step_id": step_of(size, SIZES[size])},
        b"so nothing moved",
        b"",
    ),
}


def bare(port: int, clients: int, seconds: float) -> Load:
    """Call the empty tool of `bench.bare`."""
    origin = f"http://127.0.0.1:{port}"
    call = request(f"{origin}/mcp", "ping", {})
    endless = [iter(lambda: call, None) for _ in range(clients)]
    return drive(origin, endless, seconds, b"pong")


def steps(
    port: int, clients: int, size: int, which: Range, seconds: float, *, era: str = "modern"
) -> Load:
    """Call for the next step; learners of a range take turns.

    Args:
        port: of the server.
        clients: how many connections.
        size: of the walkthrough.
        which: the range of learners.
        seconds: how long.
        era: `modern`, `bearer` (the same, signed in), `legacy`, or `handshake`: before each step
            the client connects as one of that era does.
    """
    first, made = which * SHARE, _CALLS[era]
    walked = walk(size, first, first + SHARE)
    # One for all connections: where one is answered sooner, its learners would come too soon.
    calls = (made(port, size, learner, step) for learner, step in walked)
    return drive(f"http://127.0.0.1:{port}", [calls] * clients, seconds, _STEP)


def looks(port: int, clients: int, size: int, name: str, seconds: float) -> Load:
    """Call what moves nobody: `list`, `select`, `status` or `repeated`. Learners take turns."""
    tool, arguments, expect, refuse = _LOOKS[name]
    share = SHARE // clients
    given = arguments(size)

    def calls(client: int) -> Iterator[Call]:
        begin = Range.LOOKING * SHARE + client * share
        while True:
            for learner in range(begin, begin + share):
                yield request(_address(port, size, learner), tool, given)

    origin = f"http://127.0.0.1:{port}"
    return drive(origin, [calls(each) for each in range(clients)], seconds, expect, refuse)


def _address(port: int, size: int, learner: int) -> str:
    return f"http://localhost:{port}/s/bench/mcp/u/{token_of(size, learner)}"


def _by_link(port: int, size: int, learner: int, step: str) -> Call:
    arguments = {"current_step_id": step}
    return request(_address(port, size, learner), "next_walkthrough_step", arguments)


def _signed_in(port: int, size: int, learner: int, step: str) -> Call:
    address = f"http://localhost:{port}/s/bench/mcp"
    arguments = {"current_step_id": step}
    return request(address, "next_walkthrough_step", arguments, bearer_of(size, learner))


def _legacy(port: int, size: int, learner: int, step: str, *, greets: bool = False) -> Call:
    address = _address(port, size, learner)
    call = legacy_request(address, "next_walkthrough_step", {"current_step_id": step})
    return (*handshake(address), call) if greets else call


_CALLS: dict[str, Callable[[int, int, int, str], Call]] = {
    "modern": _by_link,
    "bearer": _signed_in,
    "legacy": _legacy,
    "handshake": partial(_legacy, greets=True),
}
