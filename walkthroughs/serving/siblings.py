"""The figures of all workers on one page: whichever is asked, asks the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from prometheus_client import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from walkthroughs.metrics import OF_THE_DATABASE, Metrics
from walkthroughs.serving.workers import Worker

_log = logging.getLogger(__name__)
#: A worker that does not answer in time is left out: it is busy, or starts just now.
_PATIENCE_SECONDS = 1.0


class Siblings:
    """What one worker tells the others, and asks them. For one event loop."""

    def __init__(self, worker: Worker, metrics: Metrics) -> None:
        self._worker, self._metrics = worker, metrics

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """Tell the figures of this worker to whoever of its siblings asks, while the block runs."""
        path = self._worker.folder / f"metrics-{self._worker.number}"
        async with await asyncio.start_unix_server(self._tell, path):
            yield

    async def text(self) -> bytes:
        """Return the figures of all workers in Prometheus' text format.

        Each has the label `worker`, so that one that starts again does not set back a sum. What is
        the same for all workers has none.
        """
        paths = sorted(self._worker.folder.glob("metrics-*"))
        texts = await asyncio.gather(*(_ask(str(path)) for path in paths))
        numbers = [path.name.removeprefix("metrics-") for path in paths]
        told = {number: text for number, text in zip(numbers, texts, strict=True) if text}
        return generate_latest(_Together(told, str(self._worker.number)))

    async def _tell(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(self._metrics.text())
            await writer.drain()
        except OSError:
            _log.debug("a sibling did not wait for the figures")
        finally:
            writer.close()


async def _ask(path: str) -> str:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                return (await reader.read()).decode()
            finally:
                writer.close()
    except OSError:
        return ""


class _Together(Collector):
    """The figures of several workers as those of one registry."""

    def __init__(self, told: dict[str, str], own: str) -> None:
        self._told, self._own = told, own

    def collect(self) -> Iterator[Metric]:
        """Yield each metric once, with the samples of all workers."""
        together: dict[str, Metric] = {}
        for number, text in self._told.items():
            for family in text_string_to_metric_families(text):
                metric = together.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                for sample in family.samples:
                    if sample.name not in OF_THE_DATABASE:
                        labels = {**sample.labels, "worker": number}
                        metric.add_sample(sample.name, labels, sample.value)
                    elif number == self._own:
                        metric.add_sample(sample.name, sample.labels, sample.value)
        yield from together.values()
