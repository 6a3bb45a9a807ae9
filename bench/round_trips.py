"""Count how often an ordinary step call asks the database: a relay before it reads the answers."""

from __future__ import annotations

import asyncio
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.client import drive, request
from bench.processes import free_port, process, wait_for
from bench.seed import PACE_SECONDS, SIZES, bearer_of, step_of, token_of

_SIZE, _LEARNERS = 10, 20
_SECONDS = 30.0  # a bound; it takes one
#: PostgreSQL ends each answer with this message, and so each round trip.
_READY = b"Z"


def measure(url: str) -> dict[str, float]:
    """Return round trips per call by how learners are known; they stand where `seed` put them."""
    with tempfile.TemporaryDirectory() as folder, _relayed(url, Path(folder)) as (relayed, relay):
        port = free_port()
        with process("bench.ours", str(port), relayed):
            wait_for(port)
            return {
                "by link": _per_call(relay, port, by_token=False),
                "signed in": _per_call(relay, port, by_token=True),
            }


def _per_call(relay: _Relay, port: int, *, by_token: bool) -> float:
    """Return the median: now and then a call reads the server's row again."""
    first = _LEARNERS * by_token
    for position in range(SIZES[_SIZE], SIZES[_SIZE] + 2):
        counts: list[int] = []  # those of the first step find the learner as well

        def calls(position: int, counts: list[int]) -> Iterator[bytes]:
            for learner in range(first, first + _LEARNERS):
                before = relay.answers
                yield _call(port, learner, position, by_token=by_token)
                counts.append(relay.answers - before)

        walk = calls(position, counts)
        drive(f"http://127.0.0.1:{port}", [walk], _SECONDS, b"call next_walkthrough_step with")
        time.sleep(PACE_SECONDS + 0.1)
    return statistics.median(counts)


def _call(port: int, learner: int, position: int, *, by_token: bool) -> bytes:
    address = f"http://localhost:{port}/s/bench/mcp"
    bearer = bearer_of(_SIZE, learner) if by_token else None
    if not by_token:
        address += f"/u/{token_of(_SIZE, learner)}"
    step = {"current_step_id": step_of(_SIZE, position)}
    return request(address, "next_walkthrough_step", step, bearer)


class _Relay:
    """Passes all bytes on, and counts the answers of the database."""

    def __init__(self, path: str) -> None:
        self._path, self.answers = path, 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        answers, asked = await asyncio.open_unix_connection(self._path)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await asyncio.gather(self._ask(reader, asked), self._answer(answers, writer))
        asked.close()
        writer.close()

    async def _ask(self, reader: asyncio.StreamReader, asked: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            asked.write(data)
        asked.write_eof()

    async def _answer(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await answers.readexactly(5)
            body = await answers.readexactly(int.from_bytes(head[1:]) - 4)
            self.answers += head[:1] == _READY
            writer.write(head + body)


@contextmanager
def _relayed(url: str, folder: Path) -> Iterator[tuple[str, _Relay]]:
    """Run a relay; yield the address of the database behind it."""
    found = re.search(r"host=([^&]+)", url)
    assert found is not None
    relay = _Relay(f"{found[1]}/.s.PGSQL.5432")
    with asyncio.Runner() as runner:
        listening = asyncio.start_unix_server(relay.pass_on, folder / ".s.PGSQL.5432")
        runner.get_loop().run_until_complete(listening)
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield url.replace(found[0], f"host={folder}"), relay
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
