"""LangChain's tools, made of ours by langchain-mcp-adapters: what they give an agent is text."""

from contextlib import asynccontextmanager

from conversation import answer, converse, opened
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools


@asynccontextmanager
async def connect(address):
    client = MultiServerMCPClient({"acme": {"transport": "streamable_http", "url": address}})
    async with client.session("acme", auto_initialize=False) as session:
        protocol = (await session.initialize()).protocolVersion
        tools = {tool.name: tool for tool in await load_mcp_tools(session)}

        async def call(name, arguments):
            wanted = {"type": "tool_call", "id": "1", "name": name, "args": arguments}
            message = await tools[name].ainvoke(wanted)
            return answer(
                message.content[0]["text"],
                is_error=message.status == "error",
                structured=(message.artifact or {}).get("structured_content"),
            )

        yield opened(protocol, list(tools)), call


converse(connect)
