"""What the server says that it can do. The SDK would claim more as soon as streams are served."""

from __future__ import annotations

from typing import Any, NoReturn

from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.types import METHOD_NOT_FOUND, ServerCapabilities

_NO_SUBSCRIPTIONS = (
    "This server does not tell of changes to a single resource. It tells when its lists change: "
    "list the resources again then."
)


class HandrailServer(Server[Any]):
    """The SDK's server, which announces what is sent and nothing else: that its lists change."""

    def get_capabilities(self, *args: Any, **more: Any) -> ServerCapabilities:  # noqa: ANN401  as the SDK's
        """Return what it can do, the same in all versions of the protocol."""
        found = super().get_capabilities(*args, **more)
        for lists in (found.tools, found.prompts, found.resources):
            if lists is not None:
                lists.list_changed = True
        if found.resources is not None:
            found.resources.subscribe = None
        return found


async def refuse_subscription(_: Any, __: Any) -> NoReturn:  # noqa: ANN401  the SDK's protocol
    """Refuse to tell of one resource, whatever and whosever it is.

    Raises:
        MCPError: always.
    """
    raise MCPError(code=METHOD_NOT_FOUND, message=_NO_SUBSCRIPTIONS)
