"""Let a test talk through a client: each line of standard input is one step, answered by one line.

An address opens a connection, the lines after it are tool calls, and an empty
line closes the connection. Only the standard library is used here, because
each client runs in an environment of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

Answer = dict[str, Any]
Call = Callable[[str, dict[str, Any]], Awaitable[Answer]]
Connect = Callable[..., AbstractAsyncContextManager[tuple[Answer, Call]]]


def converse(connect: Connect) -> None:
    """Serve standard input until it ends, with connections made by *connect*.

    It gets an address and the program's arguments, and yields what to print about
    the connection and a function that makes a tool call.
    """
    asyncio.run(_converse(connect))


def opened(protocol: str | None, tools: list[str]) -> Answer:
    """Return what to print about a new connection."""
    return {"protocol": protocol, "tools": tools}


def answer(text: str, *, is_error: bool, view: Any = None, structured: Any = None) -> Answer:
    """Return what to print about a call: *view* and *structured* if the client gives them out."""
    return {"text": text, "is_error": is_error, "view": view, "structured": structured}


def words(error: BaseException) -> str:
    """Return the message of an error, or those of a group's."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(words(each) for each in error.exceptions)
    return str(error)


async def _converse(connect: Connect) -> None:
    while address := await _line():
        async with connect(address, *sys.argv[1:]) as (facts, call):
            _print(facts)
            while line := await _line():
                wanted = json.loads(line)
                try:
                    _print(await call(wanted["name"], wanted["arguments"]))
                except Exception as error:  # noqa: BLE001  clients raise what they like
                    _print(answer(words(error), is_error=True))
        _print({"closed": True})


async def _line() -> str:
    return (await asyncio.to_thread(sys.stdin.readline)).strip()


def _print(facts: Answer) -> None:
    print(json.dumps(facts), flush=True)
