"""The tools that Pydantic AI gives its agents: structured content where there is some, else text."""

import json
from contextlib import asynccontextmanager

from conversation import answer, converse, opened
from pydantic_ai import ModelRetry
from pydantic_ai.mcp import MCPToolset


@asynccontextmanager
async def connect(address):
    async with MCPToolset(address) as toolset:

        async def call(name, arguments):
            try:
                output = await toolset.direct_call_tool(name, arguments)
            except ModelRetry as retry:  # what the model is told to try again for
                return answer(retry.message, is_error=True)
            structured = None if isinstance(output, str) else output
            return answer(
                json.dumps(output) if structured else output, is_error=False, structured=structured
            )

        tools = [tool.name for tool in await toolset.list_tools()]
        yield opened(toolset.client.protocol_version, tools), call


converse(connect)
