"""What is said on streams: which lists have changed, and what a client and we agree on."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

from mcp.server.subscriptions import (
    SUBSCRIPTION_ID_META_KEY,
    PromptsListChanged,
    ResourcesListChanged,
    ServerEvent,
    ToolsListChanged,
)
from mcp.shared.subscriptions import event_to_notification
from mcp.types import (
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotification,
    SubscriptionsAcknowledgedNotificationParams,
)

from walkthroughs.events.announcements import ANY

#: What is announced when a server is switched on or off.
TOOLS = "tools"
_ALL = (ToolsListChanged(), PromptsListChanged(), ResourcesListChanged())
_OF_CONTENT = _ALL[1:]
#: How soon a client shall come again, in milliseconds: after a restart, and not all at once.
_COME_AGAIN_MS = (2000, 8000)
#: Since this version clients know an event that has an id only. They name it when they come again.
_KNOWS_IDS = b"2025-11-25"


def events_of(changed: Iterable[str]) -> tuple[ServerEvent, ...]:
    """Return what to tell of what was announced of a server."""
    announced = frozenset(changed)
    if not announced:
        return ()
    return _ALL if announced & {TOOLS, ANY} else _OF_CONTENT


def opening_frame(version: bytes) -> bytes:
    """Return what a stream of a handshake *version* begins with."""
    retry = random.randint(*_COME_AGAIN_MS)  # noqa: S311  to spread them
    return (b"id: 0\ndata:\n" if version >= _KNOWS_IDS else b"") + b"retry: %d\n\n" % retry


def frame_of(event: ServerEvent) -> bytes:
    """Return *event* as a handshake version has it on a stream."""
    method = event_to_notification(event, {}).method
    notice = json.dumps({"jsonrpc": "2.0", "method": method})
    return f"event: message\nid: 0\ndata: {notice}\n\n".encode()


def agreed_of(wanted: SubscriptionFilter) -> SubscriptionFilter:
    """Return what of *wanted* is sent here: lists, and no single resource."""
    return SubscriptionFilter(
        tools_list_changed=wanted.tools_list_changed or None,
        prompts_list_changed=wanted.prompts_list_changed or None,
        resources_list_changed=wanted.resources_list_changed or None,
    )


def meta_of(ctx: Any) -> dict[str, Any]:  # noqa: ANN401  the SDK's protocol
    """Return what names the stream of a request in all that is sent on it."""
    return {SUBSCRIPTION_ID_META_KEY: ctx.request_id}


async def acknowledge(ctx: Any, agreed: SubscriptionFilter) -> None:  # noqa: ANN401
    """Tell the client what it will hear of. It is the first thing on its stream."""
    params = SubscriptionsAcknowledgedNotificationParams(notifications=agreed, _meta=meta_of(ctx))
    notice = SubscriptionsAcknowledgedNotification(params=params)
    await ctx.session.send_notification(notice, related_request_id=ctx.request_id)
