"""Streams of MCP clients, opened by bare requests as a client of each era would."""

from __future__ import annotations

from tests.live import hearing

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
ALL = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True}
CONTENT = ["prompts", "resources"]


def get_headers(version="2025-11-25", **more):
    """What a client of a handshake version sends with GET. Underscores stand for hyphens."""
    more = {name.replace("_", "-"): value for name, value in more.items()}
    return {"accept": "text/event-stream", "mcp-protocol-version": version, **more}


def listen_request(wanted=None, **more):
    """Arguments of httpx for `subscriptions/listen`."""
    more = {name.replace("_", "-"): value for name, value in more.items()}
    params = {"notifications": ALL if wanted is None else wanted, "_meta": META}
    return {
        "json": {
            "jsonrpc": "2.0", "id": "seven", "method": "subscriptions/listen", "params": params,
        },
        "headers": {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "subscriptions/listen",
            **more,
        },
    }  # fmt: skip


def by_get(client, url, **more):
    return hearing(client, "GET", url, headers=get_headers(**more))


def by_listen(client, url, wanted=None, **more):
    return hearing(client, "POST", url, **listen_request(wanted, **more))


def told(heard):
    """The lists that a stream has said to have changed, in order."""
    methods = [event.get("method", "") for event in heard.events]
    return [name.split("/")[1] for name in methods if name.endswith("/list_changed")]
