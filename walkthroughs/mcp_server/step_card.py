"""The step card: a page that some assistants show beside the answer of a step (MCP Apps).

The page is the same for everybody and says nothing about anybody: it gets the step from the result
that it stands beside, and calls the tools itself. `admin/frontend/build_card.mjs` builds it.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.types import Annotations, ReadResourceResult, Resource, TextResourceContents

#: What the server announces of itself, by the SDK's `Server.extensions`.
EXTENSIONS: dict[str, dict[str, Any]] = {EXTENSION_ID: {}}
_PAGE = Path(__file__).parent / "card" / "step.html"
#: Also the address of a page of another release: clients keep old lists of tools.
_URI = re.compile(r"ui://handrail/step-[0-9a-f]{12}\.html")
_DAY_MS = 24 * 60 * 60 * 1000


def tool_meta() -> dict[str, Any]:
    """Return what the `_meta` of a tool says whose result the card shows."""
    # The flat key is the older form. Some hosts know no other.
    return {"ui": {"resourceUri": _uri()}, "ui/resourceUri": _uri()}


def is_card(uri: str) -> bool:
    """Return whether *uri* is an address of the card."""
    return _URI.fullmatch(uri) is not None


def card_entry() -> Resource:
    """Return the line of the card in the list of resources."""
    return Resource(
        name="step-card",
        title="Step card",
        uri=_uri(),
        description="A page for assistants that show a step as a card. Nothing to read in it.",
        mime_type=APP_MIME_TYPE,
        # Nobody attaches it to a conversation.
        annotations=Annotations(priority=0.0),
    )


def read_card(uri: str, base_address: str) -> ReadResourceResult:
    """Return the card, for *uri* and for a server whose pictures are below *base_address*."""
    place = urlsplit(base_address)
    pictures = [f"{place.scheme}://{place.netloc}"] if place.netloc else []
    page = TextResourceContents(
        uri=uri,
        mime_type=APP_MIME_TYPE,
        text=_page(),
        _meta={"ui": {"csp": {"resourceDomains": pictures}, "prefersBorder": True}},
    )
    # Another page has another address, so this one may be kept.
    ttl = _DAY_MS if uri == _uri() else 0
    return ReadResourceResult(contents=[page], cache_scope="private", ttl_ms=ttl)


@cache
def _page() -> str:
    return _PAGE.read_text(encoding="utf-8")


@cache
def _uri() -> str:
    digest = hashlib.sha256(_page().encode()).hexdigest()
    return f"ui://handrail/step-{digest[:12]}.html"
