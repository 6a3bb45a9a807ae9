"""A server that ends streams before it waits for what is being answered."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from walkthroughs.serving.connections import bounded, raise_file_limit
from walkthroughs.serving.proxies import at_the_edge

#: How long an idle connection of a client stays open. Clients keep theirs for 5 s and longer; a
#: server that closes after the same time loses the call that is sent just then.
KEEP_ALIVE_SECONDS = 75
#: The exit code of a process whose server did not start, as uvicorn has it.
_NOT_STARTED = 3


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


def serve(
    app: ASGIApp,
    end_streams: Callable[[], None],
    host: str,
    port: int,
    trusted_proxies: tuple[str, ...],
    listening: socket.socket | None = None,
) -> None:
    """Serve *app* until it is asked to stop; *end_streams* is called then.

    Who a request is from and by which scheme is believed of *trusted_proxies* only. Connections are
    taken from *listening*, if there is one.

    Raises:
        SystemExit: it could not start; the log says why.
    """
    config = uvicorn.Config(
        at_the_edge(app, trusted_proxies),
        host=host,
        port=port,
        http=bounded(raise_file_limit()),
        ws="none",
        loop="uvloop",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # see `at_the_edge`
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
    )
    server = EndingServer(config, end_streams)
    with suppress(KeyboardInterrupt):  # it has ended by itself
        server.run([listening] if listening else None)
    if not server.started:
        raise SystemExit(_NOT_STARTED)
