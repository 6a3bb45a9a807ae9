"""Format values as text for lists, details and exported files."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from walkthroughs.ids import now_ms, utc_text
from walkthroughs.learning.position import percent_of

#: Rows of a list that are counted, and have pages: more are "10,000+".
MAX_COUNTED = 10_000
#: Of fewer than so many a percentage says nothing.
_FEW = 5
#: A spreadsheet runs text that begins with one of these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DAY = 24 * 3600
#: A unit, its seconds, and how many of it there are before it is used.
_UNITS = (
    ("years", 365 * _DAY, 2), ("months", 30 * _DAY, 2), ("days", _DAY, 2), ("h", 3600, 1),
    ("min", 60, 1),
)  # fmt: skip


def format_time(_view: object, _context: object, row: object, name: str) -> str:
    """Show epoch milliseconds as a time."""
    value = getattr(row, name)
    return "" if value is None else utc_text(value)


def ago(at_ms: int, now: int | None = None) -> str:
    """Return how long ago a time of `now_ms` was, in words: "just now", "2 h ago"."""
    seconds = max(0, ((now_ms() if now is None else now) - at_ms) // 1000)
    for unit, length, least in _UNITS:
        if seconds >= least * length:
            return f"{seconds // length} {unit} ago"
    return "just now"


def counted(number: int, most: int = MAX_COUNTED) -> str:
    """Return a number of rows in words: "10,000+" if there are more than the *most* counted."""
    return f"{most:,}+" if number > most else f"{number:,}"


def name_of(author: str | None) -> str | None:
    """Return the name in an author as Git writes it, `Ann <ann@acme.example>`; else all of it."""
    name = (author or "").partition(" <")[0].strip()
    return name or author


def masked(email: str) -> str:
    """Return an e-mail address for members who may not read it: `l…@x.example`."""
    name, at, host = email.rpartition("@")
    return f"{name[:1]}…{at}{host}"


def learner_name(email: str | None, learner_id: str, *, is_whole: bool) -> str:
    """Return what a member may call a learner; not *is_whole*: the address in part."""
    if email is None:
        return learner_id
    return email if is_whole else masked(email)


def share_of(part: int, whole: int) -> str:
    """Return "64 %", rounded down; nothing of so few that only the numbers say anything."""
    return f"{percent_of(part, whole)} %" if whole >= _FEW else ""


def duration(milliseconds: int) -> str:
    """Return how long something takes: "40 s", "3 min", "1 h 5 min"."""
    seconds = round(milliseconds / 1000)
    if seconds < 60:
        return f"{seconds} s" if seconds else "under 1 s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 48:
        return " ".join(f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min")) if n)
    return f"{hours // 24} days"


def iso_time(at_ms: int) -> str:
    """Return a time of `now_ms` as programs read it: `2026-03-01T08:30:00Z`."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _format_list(_view: object, value: list[Any], _name: str) -> str:
    return ", ".join(map(_format_item, value))


def _format_item(value: object) -> str:
    if isinstance(value, dict) and {"path", "line", "message"} <= value.keys():
        return f"{value['path']}:{value['line']}: {value['message']}"
    return str(value)


#: Formatters by type, for columns without a formatter of their own.
BY_TYPE = {
    type(None): lambda _view, _value, _name: "",
    bool: lambda _view, value, _name: "yes" if value else "no",
    Enum: lambda _view, value, _name: str(value.value).replace("_", " "),
    list: _format_list,
}


def escape_formula(value: object) -> str:
    """Return *value* for a CSV file; a spreadsheet shows it and does not calculate it."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
