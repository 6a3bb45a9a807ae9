"""Format values as text for lists, details and exported files."""

from __future__ import annotations

from enum import Enum
from typing import Any

from walkthroughs.ids import utc_text

#: A spreadsheet runs text that begins with one of these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def format_time(_view: object, _context: object, row: object, name: str) -> str:
    """Show epoch milliseconds as a time."""
    value = getattr(row, name)
    return "" if value is None else utc_text(value)


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
