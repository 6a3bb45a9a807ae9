"""A load that does not wait: calls come at a rate, whether others are answered or not.

As from many people who do not know of each other: the times between calls are random. Each call is
another learner's, over one of a bounded number of connections that stay open, as clients have them.
Bytes are made of a template and read by one loop over `epoll`, so that it takes little time itself.
"""

from __future__ import annotations

import random
import re
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from bench.client import request
from bench.seed import SHARE, STEPS_EACH, Range, step_of, token_of

CONNECTIONS = 400
_SIZE = 10
#: Each is as long as the others, so that one call is made of another.
_STEPS = [step_of(_SIZE, position) for position in range(STEPS_EACH)]
_TOKEN = "the-token-of-the-learner"  # noqa: S105  takes the place of one
_TAKEN, _NOT_MOVED = b"call next_walkthrough_step with", b"othing moved"
_REFUSED = b"too many calls at the moment"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
#: How long the last answers are waited for.
_END_SECONDS = 10.0


@dataclass(slots=True)
class Answers:
    """Seconds until the answers to the calls that were taken, and how many were refused.

    Attributes:
        from_due: from when a call was to be sent.
        from_sent: from when it was sent: the difference is the fault of the load.
        refused: how many calls were answered that the server is busy.
        seconds: from the first call to the last.
    """

    from_due: list[float] = field(default_factory=list)
    from_sent: list[float] = field(default_factory=list)
    refused: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Return the calls a second that were taken."""
        return len(self.from_due) / self.seconds


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    learner: int = 0
    due: float = 0.0
    sent: float = 0.0
    answer: bytes = b""


class Learners:
    """Learners who take turns. Whose call is refused asks for the same step again, later.

    Args:
        port: of the server.
    """

    def __init__(self, port: int) -> None:
        self._turns = deque(range(SHARE))
        self._done = [0] * SHARE
        self._first = Range.STEP_32 * SHARE
        arguments = {"current_step_id": _STEPS[0]}
        url = f"http://localhost:{port}/s/bench/mcp/u/{_TOKEN}"
        self._call = request(url, "next_walkthrough_step", arguments)

    def next_call(self) -> tuple[int, bytes]:
        """Return the learner whose turn it is, and the call.

        Raises:
            IndexError: all learners have taken all ordinary steps.
        """
        learner = self._turns.popleft()
        token, step = token_of(_SIZE, self._first + learner), _STEPS[self._done[learner]]
        call = self._call.replace(_TOKEN.encode(), token.encode())
        return learner, call.replace(_STEPS[0].encode(), step.encode())

    def answered(self, learner: int, answer: bytes) -> bool:
        """Note the answer; return whether the call was taken.

        Raises:
            RuntimeError: it is neither a step nor a refusal.
        """
        is_taken = _TAKEN in answer and _NOT_MOVED not in answer
        if is_taken or _REFUSED in answer:
            self._done[learner] += is_taken
            if self._done[learner] < STEPS_EACH:
                self._turns.append(learner)
            return is_taken
        message = f"not the expected answer: {answer[:900]!r}"
        raise RuntimeError(message)


def full(port: int, learners: Learners, seconds: float, clients: int) -> Answers:
    """Let *clients* send the next call as soon as one is answered."""
    with _load(port, clients) as load:
        return load.run(learners, [0.0] * clients, seconds, again=True)


def offer(port: int, learners: Learners, rate: float, seconds: float) -> Answers:
    """Send *rate* calls a second on average."""
    chance = random.Random(1)  # noqa: S311  no secret
    dues, at = [], 0.0
    while (at := at + chance.expovariate(rate)) < seconds:
        dues.append(at)
    with _load(port, CONNECTIONS) as load:
        return load.run(learners, dues, seconds)


class _Load:
    def __init__(self, connections: list[_Connection]) -> None:
        self._all = {each.socket.fileno(): each for each in connections}
        self._free = list(connections)
        self._answers = Answers()
        self._events = select.epoll()
        for number in self._all:
            self._events.register(number, select.EPOLLIN)

    def close(self) -> None:
        self._events.close()

    def run(
        self, learners: Learners, dues: list[float], seconds: float, *, again: bool = False
    ) -> Answers:
        began = time.perf_counter() + 0.01
        calls = deque(began + due for due in dues)
        while calls or len(self._free) < len(self._all):
            now = time.perf_counter()
            if now > began + seconds + _END_SECONDS:
                message = f"{len(self._all) - len(self._free)} calls are not answered"
                raise TimeoutError(message)
            while calls and self._free and calls[0] <= now:
                self._send(self._free.pop(), calls.popleft(), *learners.next_call())
            for connection in self._ready(calls[0] - time.perf_counter() if calls else 1.0):
                is_answered = self._read(connection, learners)
                now = time.perf_counter()
                if is_answered and again and now < began + seconds:
                    calls.append(now)
        self._answers.seconds = seconds
        return self._answers

    def _send(self, connection: _Connection, due: float, learner: int, call: bytes) -> None:
        connection.learner, connection.due, connection.answer = learner, due, b""
        connection.sent = time.perf_counter()
        connection.socket.send(call)

    def _ready(self, seconds: float) -> Iterator[_Connection]:
        # `select` waits for microseconds, `epoll` for milliseconds.
        select.select([self._events], [], [], max(0.0, seconds) if self._free else None)
        return (self._all[number] for number, _ in self._events.poll(0))

    def _read(self, connection: _Connection, learners: Learners) -> bool:
        """Take bytes; return whether the answer is whole now."""
        came = connection.socket.recv(65536)
        if not came:
            raise ConnectionError(connection.answer)
        connection.answer += came
        head, end, body = connection.answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or length is None or len(body) < int(length[1]):
            return False
        now = time.perf_counter()
        self._free.append(connection)
        if learners.answered(connection.learner, connection.answer):
            self._answers.from_due.append(now - connection.due)
            self._answers.from_sent.append(now - connection.sent)
        else:
            self._answers.refused += 1
        return True


@contextmanager
def _load(port: int, connections: int) -> Iterator[_Load]:
    opened = [
        _Connection(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)
    ]
    for each in opened:
        each.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        each.socket.setblocking(False)
    time.sleep(0.5)  # the server takes them all
    with closing(_Load(opened)) as load:
        try:
            yield load
        finally:
            for each in opened:
                each.socket.close()
