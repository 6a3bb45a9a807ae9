"""The query of a list's address: read with what means nothing dropped, and written. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

#: The longest search, and the longest name of a thing.
_MAX_WORDS = 200


def words(args: Mapping[str, str], name: str = "q") -> str:
    """Return what is searched for."""
    return args.get(name, "").strip()[:_MAX_WORDS]


def named(args: Mapping[str, str], name: str) -> str:
    """Return the name of a thing, which may be none."""
    return args.get(name, "")[:_MAX_WORDS]


def choice(args: Mapping[str, str], name: str, options: Container[str], default: str = "") -> str:
    """Return one of the options, else the default."""
    value = args.get(name, "")
    return value if value in options else default


def page_number(text: str) -> int:
    """Return the page that *text* asks for, from 1; 1 if it is no number."""
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    return max(1, int(text)) if is_number else 1


def said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query without what is empty, and without the first page."""
    return {name: value for name, value in values.items() if value and (name, value) != ("page", 1)}
