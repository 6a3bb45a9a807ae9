"""How to add the address of an MCP server to each assistant. Pure."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from walkthroughs.hosts import LOOPBACK


@dataclass(frozen=True, slots=True)
class Assistant:
    """An assistant, and the way to add a server to it.

    Attributes:
        steps: what a person does, in order; the last one ends where the server is added.
        command: what to type or paste; none if the steps say it all.
        link: opens the assistant with everything filled in; none if it has no such link.
        needs_public: whether it calls from its maker's machines, which reach no private address.
    """

    name: str
    steps: tuple[str, ...]
    command: str | None = None
    link: str | None = None
    needs_public: bool = False


def assistants(slug: str, address: str) -> tuple[Assistant, ...]:
    """Return every assistant that we know how to connect; *slug* becomes the server's name."""
    config = {"type": "http", "url": address}
    cursor = base64.b64encode(json.dumps({"url": address}).encode()).decode()
    return (
        Assistant(
            "Claude Code",
            ("Run this in a terminal.", "In Claude Code, /mcp shows the server."),
            command=f"claude mcp add --transport http {slug} {address}",
        ),
        Assistant(
            "Claude",
            (
                "In Claude, open Settings, then Connectors, then “Add custom connector”.",
                "Paste the address.",
            ),
            command=address,
            needs_public=True,
        ),
        Assistant(
            "ChatGPT",
            (
                "In ChatGPT, open Settings, then Apps, then Advanced: switch on developer mode.",
                "Create an app, and paste the address as its MCP server.",
            ),
            command=address,
            needs_public=True,
        ),
        Assistant(
            "Cursor",
            ("Open it in Cursor, or add this to ~/.cursor/mcp.json.",),
            command=json.dumps({"mcpServers": {slug: {"url": address}}}),
            link="cursor://anysphere.cursor-deeplink/mcp/install"
            f"?name={quote(slug, safe='')}&config={quote(cursor, safe='')}",
        ),
        Assistant(
            "VS Code",
            ("Open it in VS Code, or add this to .vscode/mcp.json.",),
            command=json.dumps({"servers": {slug: config}}),
            link=f"vscode:mcp/install?{quote(json.dumps({'name': slug, **config}), safe='')}",
        ),
        Assistant(
            "Codex",
            ("Run this in a terminal.",),
            command=f"codex mcp add {slug} --url {address}",
        ),
        Assistant(
            "Gemini CLI",
            ("Run this in a terminal.",),
            command=f"gemini mcp add --transport http {slug} {address}",
        ),
        Assistant(
            "Another one",
            ("Add a server of the kind “Streamable HTTP” with this address.",),
            command=address,
        ),
    )


def message_to_learner(server: str, address: str) -> str:
    """Return a message that hands a learner their personal link."""
    return (
        f"Hello,\n\nyou can follow the walkthroughs of {server} in your own assistant, at your own "
        "pace. Add this address to it as an MCP server:\n\n"
        f"{address}\n\n"
        "In Claude, that is Settings, Connectors, “Add custom connector”. Then say: “Which "
        "walkthroughs are there? Let's start one.”\n\n"
        "The address is yours alone: whoever has it is taken for you, so please do not pass it on."
    )


def reach_fault(address: str) -> str | None:
    """Return why assistants on other machines cannot reach *address*; none if they may."""
    parts = urlsplit(address)
    if parts.hostname in LOOPBACK:
        return (
            "This address works only on the machine that Handrail runs on. "
            "Set HANDRAIL_BASE_URL to the address that others reach."
        )
    if parts.scheme != "https":
        return "This address has no TLS (http:). Most assistants refuse it; put a proxy in front."
    return None
