"""A request's body, read whole within a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Receive

from walkthroughs.errors import HandrailError

#: What every sender gets, and the slowest line that is waited for beyond that.
BODY_SECONDS = 10.0
_BYTES_PER_SECOND = 64 * 1024


class BodyTooLarge(HandrailError):
    """The body has more bytes than the address takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is too large: at most {limit // 1024} KiB are taken here.")


class BodyTooSlow(HandrailError):
    """The body did not arrive in time."""

    def __init__(self) -> None:
        super().__init__(
            "The body of the request did not arrive in time. Send it again, without pauses."
        )


async def receive_body(
    receive: Receive,
    limit: int,
    add: Callable[[bytes], object],
    seconds: float = BODY_SECONDS,
) -> bool:
    """Give each part of a body to *add*; return false if the client left before its end.

    Raises:
        BodyTooLarge: it has more than *limit* bytes.
        BodyTooSlow: after so many *seconds* it is slower than 64 KiB a second.
    """
    size, started = 0, asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(seconds) as deadline:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return False
                part = message.get("body", b"")
                size += len(part)
                if size > limit:
                    raise BodyTooLarge(limit)
                add(part)
                if not message.get("more_body", False):
                    return True
                deadline.reschedule(started + seconds + size / _BYTES_PER_SECOND)
    except TimeoutError:
        raise BodyTooSlow from None
