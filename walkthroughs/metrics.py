"""What a process counts for its operators. No label names a tenant or a learner."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

#: From a step that is in memory to a call that was given up.
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
#: What is read from the database: each process has the same.
OF_THE_DATABASE = frozenset({"handrail_events_waiting", "handrail_events_oldest_seconds"})
#: Connections of pools: at work, open for the next one, and how many more may be opened.
_STATES = ("busy", "idle", "free")


@dataclass(slots=True)
class ToolCall:
    """A call that is being answered. Set its *outcome*: `ok`, `error` or `unavailable`."""

    #: What is counted if nothing is set: the call raised.
    outcome: str = "failed"


class Metrics:
    """The metrics of one process. Pass it on; two have nothing in common."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        self._calls = Counter(
            "handrail_tool_calls_total", "Tool calls.", ["tool", "outcome"], registry=own
        )
        self._seconds = Histogram(
            "handrail_tool_call_seconds",
            "How long tool calls took, from the arguments to the result.",
            ["tool"],
            registry=own,
            buckets=_BUCKETS,
        )
        #: Of each tool and outcome, what counts it: to look it up takes as long as to count.
        self._counted: dict[tuple[str, str], tuple[Histogram, Counter]] = {}
        self._moved = Counter(
            "handrail_events_moved_total", "Events that this process has moved.", registry=own
        )
        self._waiting = Gauge(
            "handrail_events_waiting", "Events that are not moved yet.", registry=own
        )
        self._oldest = Gauge(
            "handrail_events_oldest_seconds", "The age of the oldest of these.", registry=own
        )

        self._listeners = Gauge(
            "handrail_listeners", "Streams that are open.", ["kind"], registry=own
        )
        self._refused = Counter(
            "handrail_listeners_refused_total",
            "Streams that were refused because there were too many.",
            ["kind"],
            registry=own,
        )
        self._notices = Counter(
            "handrail_notices_total", "Notices that were sent on streams.", ["kind"], registry=own
        )
        self._reconnects = Counter(
            "handrail_listen_reconnects_total",
            "How often the connection that hears of changes was opened again.",
            registry=own,
        )
        self._syncs = Counter(
            "handrail_sync_runs_total",
            "Checks of content sources by this process.",
            ["outcome"],
            registry=own,
        )
        self._pools: list[Callable[[], Mapping[str, int]]] = []
        connections = Gauge(
            "handrail_database_connections",
            "Connections to the database in the pools of this process.",
            ["state"],
            registry=own,
        )
        for state in _STATES:
            connections.labels(state).set_function(partial(self._connections, state))

    @contextmanager
    def tool_call(self, tool: str, began: float | None = None) -> Iterator[ToolCall]:
        """Count and time a call.

        Args:
            tool: the name of one that there is.
            began: when it began, in seconds of `time.perf_counter`; now, if it is not given.
        """
        call, began = ToolCall(), time.perf_counter() if began is None else began
        try:
            yield call
        finally:
            self.tool_called(tool, call.outcome, began)

    def tool_called(self, tool: str, outcome: str, began: float) -> None:
        """Count and time a call that has ended; the arguments as those of `tool_call`."""
        if (counted := self._counted.get((tool, outcome))) is None:
            counted = self._seconds.labels(tool), self._calls.labels(tool, outcome)
            self._counted[tool, outcome] = counted
        seconds, calls = counted
        seconds.observe(time.perf_counter() - began)
        calls.inc()

    def events_moved(self, count: int) -> None:
        """Count events that were moved."""
        self._moved.inc(count)

    def events_waiting(self, count: int, oldest_seconds: float) -> None:
        """Tell how many events are waiting now, and for how long."""
        self._waiting.set(count)
        self._oldest.set(oldest_seconds)

    @contextmanager
    def listener(self, kind: str) -> Iterator[None]:
        """Count a stream while it is open. *kind* is who listens: `pages`."""
        open_now = self._listeners.labels(kind)
        with open_now.track_inprogress():
            yield

    def listener_refused(self, kind: str) -> None:
        """Count a stream that is refused."""
        self._refused.labels(kind).inc()

    def notice_sent(self, kind: str) -> None:
        """Count a notice that was sent on a stream."""
        self._notices.labels(kind).inc()

    def listens_again(self) -> None:
        """Count that the connection that hears of changes is opened again."""
        self._reconnects.inc()

    def source_synced(self, outcome: str) -> None:
        """Count what a check of a content source came to."""
        self._syncs.labels(outcome).inc()

    def watch_connections(self, pool: Callable[[], Mapping[str, int]]) -> None:
        """Add what *pool* returns when it is asked: `busy`, `idle` and `free` connections."""
        self._pools.append(pool)

    def _connections(self, state: str) -> float:
        return sum(pool()[state] for pool in self._pools)

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self._registry)
