"""The official Python SDK, version 2. python_2.py auto|legacy"""

from contextlib import asynccontextmanager

from conversation import answer, converse, opened
from mcp import Client


@asynccontextmanager
async def connect(address, mode):
    async with Client(address, mode=mode) as client:

        async def call(name, arguments):
            result = await client.call_tool(name, arguments)
            return answer(
                result.content[0].text,
                is_error=result.is_error,
                view=(result.meta or {}).get("handrail/view"),
                structured=result.structured_content,
            )

        tools = (await client.list_tools()).tools
        yield opened(client.protocol_version, [tool.name for tool in tools]), call


converse(connect)
