"""A server that ends streams before it waits for what is being answered."""

from __future__ import annotations

from collections.abc import Callable

import uvicorn


class EndingServer(uvicorn.Server):
    """Serves until it is asked to stop. Streams would never end by themselves.

    Args:
        config: of uvicorn.
        end_streams: is called in the event loop, as the first thing at the end.
    """

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def main_loop(self) -> None:
        """Serve; end the streams when it is over."""
        await super().main_loop()
        self._end_streams()
