"""How values are shown: as plain text, in lists, in details and in exported files."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

#: A spreadsheet takes text that begins with one of these for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def format_time(_view: object, _context: object, row: object, name: str) -> str:
    """Show epoch milliseconds as a time."""
    value = getattr(row, name)
    return "" if value is None else f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M}"


def _listed(_view: object, value: list[Any], _name: str) -> str:
    return ", ".join(map(_item, value))


def _item(value: object) -> str:
    if isinstance(value, dict) and {"path", "line", "message"} <= value.keys():
        return f"{value['path']}:{value['line']}: {value['message']}"
    return str(value)


#: By type, for what no column says better.
BY_TYPE = {
    type(None): lambda _view, _value, _name: "",
    bool: lambda _view, value, _name: "yes" if value else "no",
    Enum: lambda _view, value, _name: str(value.value).replace("_", " "),
    list: _listed,
}


def escape_formula(value: object) -> str:
    """Return *value* for a CSV file; a spreadsheet shows it and does not calculate it."""
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
