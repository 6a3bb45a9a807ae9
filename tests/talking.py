"""Talk to the tools over HTTP with the official client, in both eras of the protocol."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

# "auto" discovers and speaks 2026-07-28; "legacy" shakes hands at 2025-11-25.
ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])


def talk(address: str, conversation: Any, mode: str = "auto") -> Any:
    """Run *conversation(client)* against a server."""

    async def run() -> Any:
        async with Client(address, mode=mode) as client:
            return await conversation(client)

    return asyncio.run(run())


def call(address: str, name: str, mode: str = "auto", **arguments: Any) -> Any:
    return talk(address, lambda client: client.call_tool(name, arguments), mode)


def text(result: Any) -> str:
    return result.content[0].text


def refusal(address: str, request: Any, mode: str = "auto") -> MCPError:
    """Return the error that *request(client)* is answered with."""

    async def refused(client: Any) -> MCPError:
        with pytest.raises(MCPError) as raised:
            await request(client)
        return raised.value

    return talk(address, refused, mode)
