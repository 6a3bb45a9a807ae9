"""The tools that the OpenAI Agents SDK gives its agents: what they return is text."""

import json
from contextlib import asynccontextmanager

from agents.mcp import MCPServerStreamableHttp, MCPUtil
from agents.tool_context import ToolContext
from conversation import answer, converse, opened


@asynccontextmanager
async def connect(address):
    async with MCPServerStreamableHttp({"url": address}) as server:
        listed = await server.list_tools()
        tools = {
            tool.name: MCPUtil.to_function_tool(tool, server, convert_schemas_to_strict=False)
            for tool in listed
        }

        async def call(name, arguments):
            given = json.dumps(arguments)
            context = ToolContext(None, tool_name=name, tool_call_id="1", tool_arguments=given)
            output = await tools[name].on_invoke_tool(context, given)
            # It does not tell agents which results are errors.
            text = output if isinstance(output, str) else output["text"]
            return answer(text, is_error=None)

        yield opened(server.session.protocol_version, list(tools)), call


converse(connect)
