"""A request's body, read whole within a deadline."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import Receive

from walkthroughs.errors import HandrailError

#: What every sender gets, and the slowest line that is waited for beyond that.
BODY_SECONDS = 10.0
BYTES_PER_SECOND = 64 * 1024
#: What part of the room for large bodies one address may take.
_SHARE = 4


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


class NoRoom(HandrailError):
    """Too many large bodies are read already."""

    def __init__(self) -> None:
        super().__init__("The server reads as many large uploads as it can. Try again soon.")


class LargeBodies:
    """Room for bodies of more than *small* bytes: *most* of them are read at the same time.

    One address has a quarter of it, so that none can keep all others out.
    """

    def __init__(self, small: int, most: int) -> None:
        self._small, self._most, self._share = small, most, max(1, most // _SHARE)
        #: How many arrive now, by whom they are from.
        self._arriving: Counter[str] = Counter()

    @contextmanager
    def counted(
        self, sender: str, add: Callable[[bytes], object]
    ) -> Iterator[Callable[[bytes], None]]:
        """Yield what passes each part of one body of *sender* on to *add*.

        It raises `NoRoom` where the body turns out to be a large one too many.
        """
        size, is_large = 0, False

        def count(part: bytes) -> None:
            nonlocal size, is_large
            size += len(part)
            if not is_large and size > self._small:
                if self._arriving.total() >= self._most or self._arriving[sender] >= self._share:
                    raise NoRoom
                is_large = True
                self._arriving[sender] += 1
            add(part)

        try:
            yield count
        finally:
            if is_large:
                self._arriving[sender] -= 1
                if not self._arriving[sender]:
                    del self._arriving[sender]


class ArrivingBody:
    """A request that can tell its body without waiting. Its `receive` is given to applications."""

    def take_body(self) -> bytes | None:
        """Return the whole body, once; none if it has to be received."""
        raise NotImplementedError


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
    if (body := body_at_hand(receive)) is not None:
        if len(body) > limit:
            raise BodyTooLarge(limit)
        add(body)
        return True
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
                deadline.reschedule(started + seconds + size / BYTES_PER_SECOND)
    except TimeoutError:
        raise BodyTooSlow from None


def body_at_hand(receive: Receive) -> bytes | None:
    """Return the body if all of it is here, as nearly always: then no deadline has to be kept."""
    request = getattr(receive, "__self__", None)
    return request.take_body() if isinstance(request, ArrivingBody) else None
