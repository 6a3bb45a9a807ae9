"""Posts bare messages to an MCP address, as a client of each era would."""

from __future__ import annotations

import json

import httpx

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
HEADERS = {
    "accept": "application/json, text/event-stream",
    "content-type": "application/json",
    "mcp-protocol-version": "2025-11-25",
}
_META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


def post(url: str, body: object = LIST, **headers: str) -> httpx.Response:
    """Post *body*; bytes go as they are. Underscores in header names stand for hyphens."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(url, content=content, headers=HEADERS | more, verify=False)


def ask(url: str, era: str, method: str, **params: object) -> httpx.Response:
    """Send a request with the id "seven" as a client of *era* ("legacy" or "modern") does."""
    body = {"jsonrpc": "2.0", "id": "seven", "method": method, "params": params}
    if era == "legacy":
        return post(url, body)
    body["params"] = {**params, "_meta": _META}
    named = {"mcp_name": str(params["name"])} if "name" in params else {}
    return post(url, body, mcp_protocol_version="2026-07-28", mcp_method=method, **named)
