"""Listen with the official Python SDK, version 2, in the current era: as `listen.mjs` does."""

import asyncio
import json
import sys
import time

from mcp import Client
from mcp.shared.subscriptions import PromptsListChanged, ResourcesListChanged


def say(**facts):
    print(json.dumps(facts | {"at": time.time()}), flush=True)


async def read_again(client, event):
    if isinstance(event, PromptsListChanged):
        found = (await client.list_prompts()).prompts
        say(list="prompts", items=[prompt.description for prompt in found])
    elif isinstance(event, ResourcesListChanged):
        found = (await client.list_resources()).resources
        say(list="resources", items=[resource.title for resource in found])
    else:
        found = (await client.list_tools()).tools
        say(list="tools", items=[tool.name for tool in found])


async def listen(address):
    wanted = ("tools_list_changed", "prompts_list_changed", "resources_list_changed")
    async with (
        Client(address, mode="auto") as client,
        client.listen(**dict.fromkeys(wanted, True)) as stream,
    ):
        say(ready=True)

        async def hear():
            async for event in stream:
                await read_again(client, event)

        hearing = asyncio.ensure_future(hear())
        await asyncio.to_thread(sys.stdin.readline)
        hearing.cancel()


asyncio.run(listen(sys.stdin.readline().strip()))
