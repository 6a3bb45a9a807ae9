"""What the product itself says, asked with the official client, to compare what arrives with it."""

from __future__ import annotations

import asyncio
from typing import Any

from mcp import Client
from mcp.types import Tool

from tests.assistants.stand_ins.base import Call


def introduced(address: str) -> tuple[str, dict[str, Tool]]:
    """Return the server's instructions and its tools by name."""

    async def meet() -> tuple[str, dict[str, Tool]]:
        async with Client(address) as client:
            tools = (await client.list_tools()).tools
            return client.instructions or "", {tool.name: tool for tool in tools}

    return asyncio.run(meet())


def answers(address: str, *calls: Call) -> list[str]:
    """Make these calls one after the other; return the text of each answer."""

    async def talk() -> list[str]:
        async with Client(address) as client:
            return [_text(await client.call_tool(c.name, c.arguments)) for c in calls]

    return asyncio.run(talk())


def _text(result: Any) -> str:
    (block,) = result.content
    return str(block.text)
