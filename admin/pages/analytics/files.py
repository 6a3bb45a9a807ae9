"""The tables of the pages of numbers as CSV, with the same numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from admin.formats import escape_formula, share_of
from admin.pages.analytics.figures import Line, OfWalkthrough, Overview, Trend

#: The tables of each page by the word in the address; the first one is sent if none is named.
OVERVIEW = ("walkthroughs", "days", "next")
WALKTHROUGH = ("steps", "days", "servers", "versions")
_COUNTS = ("started", "finished", "finished of 100 started")


def overview_csv(shown: Overview, table: str) -> str:
    """Return one table of the organization's page."""
    if table == "days":
        return _days(shown.trend)
    if table == "next":
        head = ("before id", "before", "after id", "after", "starts")
        labels = shown.labels
        return _csv(head, ((a, labels[a], b, labels[b], count) for a, b, count in shown.pairs))
    return _lines(("id", "walkthrough"), shown.walkthroughs)


def walkthrough_csv(shown: OfWalkthrough, table: str) -> str:
    """Return one table of a walkthrough's page."""
    if table == "days":
        return _days(shown.trend)
    if table in {"servers", "versions"}:
        lines = shown.servers if table == "servers" else shown.versions
        return _lines(("id", table.removesuffix("s")), lines)
    head = ("step", "id", "title", "reached", "stopped here", "median seconds", "times")
    return _csv(
        head,
        (
            (
                number, step.author_id, step.title, step.reached, step.stopped,
                "" if step.median_ms is None else step.median_ms / 1000, step.timed,
            )
            for number, step in enumerate(shown.steps, 1)
        ),
    )  # fmt: skip


def _days(trend: Trend) -> str:
    rows = (
        (each.day.isoformat(), each.counts.started, each.counts.finished, each.published)
        for each in trend.days
    )
    return _csv(("day (UTC)", "started", "finished", "published"), rows)


def _lines(head: Sequence[str], lines: Iterable[Line]) -> str:
    rows = (
        (
            line.id, line.title, line.counts.started, line.counts.finished,
            share_of(line.counts.finished, line.counts.started).removesuffix(" %"),
        )
        for line in lines
    )  # fmt: skip
    return _csv((*head, *_COUNTS), rows)


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([escape_formula(cell) for cell in row] for row in rows)
    return text.getvalue()
