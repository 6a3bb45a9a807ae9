"""What the calls that are taken wait when twice as many come as the server can carry.

    python -m bench.overload [ROUNDS]

The server and PostgreSQL have one core and the load another one, so that none takes the other's
time. Where there is one core only, all share it.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.offered import Answers, Learners, full, offer
from bench.processes import free_port, process, wait_for
from bench.seed import rewind, seeded

SECONDS, ROUNDS, CLIENTS = 8.0, 5, 32
#: So long, learners become known to the server, as those are who take a step after another one.
_WARM_SECONDS = 8.0


def main() -> None:
    """Print each round, and the medians of what is compared within a round."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    cores, port = sorted(os.sched_getaffinity(0)), free_port()
    _run_on(cores[-1:])  # so what is started now stays there
    with seeded() as (url, database, _), process("bench.ours", str(port), url):
        wait_for(port)
        _run_on(cores[:1])
        learners = Learners(port)
        full(port, learners, _WARM_SECONDS, CLIENTS)
        compared = []
        for _ in range(rounds):
            rewind(database)  # each learner has a few steps only
            os.sync()  # so that it is not written while calls wait for the disk
            compared.append(_round(port, Learners(port)))
    waits, sent, share = (statistics.median(each) for each in zip(*compared, strict=True))
    print(
        f"medians of {rounds} rounds: p99 {waits:.1f} times ({sent:.1f} from when calls were sent),"
        f" {share:.2f} of the full rate taken"
    )


def _run_on(cores: Sequence[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def _round(port: int, learners: Learners) -> tuple[float, float, float]:
    """Return the ratios of the 99th percentiles, from due and from sent, and the share taken."""
    carried = full(port, learners, SECONDS, CLIENTS)
    calm = offer(port, learners, carried.rate / 2, SECONDS)
    crowded = offer(port, learners, carried.rate * 2, SECONDS)
    for what, answers in (("full", carried), ("half", calm), ("twice", crowded)):
        print(f"{what:5} {_line(answers)}", flush=True)
    return (
        _ms(crowded.from_due) / _ms(calm.from_due),
        _ms(crowded.from_sent) / _ms(calm.from_sent),
        crowded.rate / carried.rate,
    )


def _line(answers: Answers) -> str:
    due, sent = answers.from_due, answers.from_sent
    return (
        f"{answers.rate:,.0f}/s taken, {answers.refused / answers.seconds:,.0f}/s refused;"
        f" median {_ms(due, 0.5):.1f} ms, p99 {_ms(due):.1f} ms"
        f" ({_ms(sent):.1f} from when they were sent); {os.getloadavg()[0]:.0f} processes at work"
    )


def _ms(seconds: list[float], part: float = 0.99) -> float:
    return sorted(seconds)[int(len(seconds) * part)] * 1000


if __name__ == "__main__":
    main()
