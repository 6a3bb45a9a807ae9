"""Wait for a future until a time, at less cost than a timeout of asyncio."""

from __future__ import annotations

import asyncio


async def wait_until(deadline: float, answer: asyncio.Future[None]) -> None:
    """Wait for *answer*, until the loop's clock shows *deadline*.

    Raises:
        TimeoutError: it did not come in time.
    """
    timer = asyncio.get_running_loop().call_at(deadline, _give_up, answer)
    try:
        await answer
    finally:
        timer.cancel()


def _give_up(answer: asyncio.Future[None]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
