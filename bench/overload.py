"""What the calls that are taken wait when twice as many come as the server can carry.

`python -m bench.overload`. Calls come at a rate, whether others are answered or not, as from many
people who do not know of each other. The other figures of `bench` wait for an answer first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.client import drive, read_answer, request
from bench.processes import free_port, process, wait_for
from bench.seed import SHARE, STEPS_EACH, Range, rewind, seeded, step_of, token_of

SECONDS, ROUNDS, CLIENTS, SIZE = 6.0, 3, 32, 10
_BUSY = b"The server is busy"


@dataclass
class Answers:
    """Seconds from when a call came until its answer, of those that were taken and refused."""

    taken: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def p99_ms(self) -> float:
        """Return the 99th percentile of those that were taken."""
        return sorted(self.taken)[int(len(self.taken) * 0.99)] * 1000


def main() -> None:
    """Print each round."""
    port = free_port()
    with seeded() as (url, database, _), process("bench.ours", str(port), url):
        wait_for(port)
        for _ in range(ROUNDS):
            rewind(database)
            _round(port)


def _round(port: int) -> None:
    calls = _calls(port)
    # One iterator for all connections: each call is of another learner.
    carried = drive(
        f"http://127.0.0.1:{port}", [calls] * CLIENTS, SECONDS, b"next_walkthrough_step"
    )
    rate = carried.rate
    calm = asyncio.run(_offer(port, calls, rate / 2, SECONDS))
    crowded = asyncio.run(_offer(port, calls, rate * 2, SECONDS))
    ratio = crowded.p99_ms() / calm.p99_ms()
    print(
        f"{rate:,.0f}/s carried (p99 {carried.p99_ms:.1f} ms);"
        f" p99 at half of it {calm.p99_ms():.1f} ms"
        f" ({len(calm.refused)} refused), at twice {crowded.p99_ms():.1f} ms: {ratio:.1f} times;"
        f" {len(crowded.taken):,} taken, {len(crowded.refused):,} refused",
        flush=True,
    )


async def _offer(port: int, calls: Iterator[bytes], rate: float, seconds: float) -> Answers:
    """Send *rate* calls a second, each over a connection that is free, or a new one."""
    answers = Answers()
    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    sent: set[asyncio.Task[None]] = set()

    async def ask(call: bytes, due: float) -> None:
        try:
            connection = free.pop() if free else await asyncio.open_connection("127.0.0.1", port)
            reader, writer = connection
            writer.write(call)
            answer = await read_answer(reader)
        except (RuntimeError, EOFError, OSError):  # no room for one more connection
            answer = _BUSY
        else:
            free.append(connection)
        (answers.refused if _BUSY in answer else answers.taken).append(time.perf_counter() - due)

    began = time.perf_counter()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(ask(next(calls), due))
        sent.add(task)
        task.add_done_callback(sent.discard)
        if number % 20 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*sent)
    for _, writer in free:
        writer.close()
    return answers


def _calls(port: int) -> Iterator[bytes]:
    """Yield the next step of one learner after the other."""
    learners = range(Range.LOOKING * SHARE)
    for position in range(STEPS_EACH):
        for learner in learners:
            url = f"http://localhost:{port}/s/bench/mcp/u/{token_of(SIZE, learner)}"
            arguments = {"current_step_id": step_of(SIZE, position)}
            yield request(url, "next_walkthrough_step", arguments)


if __name__ == "__main__":
    main()
