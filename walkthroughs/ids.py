"""Row ids (a prefix for the table, then 10 random characters) and the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from nanoid import generate


def id_factory(prefix: str) -> Callable[[], str]:
    """Return a function that makes ids such as `wt_V1StGXR8_Z`."""

    def new_id() -> str:
        return f"{prefix}_{generate(size=10)}"

    return new_id


def author_id() -> str:
    """Return an id as the authors of files write them, for content made in the dashboard."""
    return generate("0123456789abcdefghijklmnopqrstuvwxyz", 12)


def utc_text(at_ms: int) -> str:
    """Return a time of `now_ms` for people: `2026-03-01 08:30`, in UTC."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M}"


def now_ms() -> int:
    """Return the time in whole milliseconds since 1970, as every `_at` column holds it."""
    return time.time_ns() // 1_000_000
