"""The client of FastMCP."""

from contextlib import asynccontextmanager

from conversation import answer, converse, opened
from fastmcp import Client


@asynccontextmanager
async def connect(address):
    async with Client(address) as client:

        async def call(name, arguments):
            result = await client.call_tool(name, arguments, raise_on_error=False)
            return answer(
                result.content[0].text,
                is_error=result.is_error,
                view=(result.meta or {}).get("handrail/view"),
                structured=result.structured_content,
            )

        yield (
            opened(client.protocol_version, [tool.name for tool in await client.list_tools()]),
            call,
        )


converse(connect)
