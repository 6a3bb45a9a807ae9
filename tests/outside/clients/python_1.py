"""The official Python SDK, version 1: any of its minors."""

from contextlib import asynccontextmanager

from conversation import answer, converse, opened
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


@asynccontextmanager
async def connect(address):
    async with (
        streamablehttp_client(address) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        protocol = (await session.initialize()).protocolVersion

        async def call(name, arguments):
            result = await session.call_tool(name, arguments)
            return answer(
                result.content[0].text,
                is_error=result.isError,
                view=(result.meta or {}).get("handrail/view"),
                # 1.9 keeps fields that it does not know.
                structured=getattr(result, "structuredContent", None),
            )

        yield opened(protocol, [tool.name for tool in (await session.list_tools()).tools]), call


converse(connect)
