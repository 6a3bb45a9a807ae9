"""Read JSON that a stranger sent: each value is what it should be, or all is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from walkthroughs.content.limits import MAX_MANIFEST, MAX_STEP
from walkthroughs.errors import DraftRefused

#: What a draft may hold in a field, in characters. Publishing asks for less of some.
FIELD_LIMITS = {
    "title": 2000, "section": 2000, "text": MAX_STEP, "assistant": MAX_STEP, "check": MAX_STEP,
    "revision": 5, "description": MAX_MANIFEST, "tags": MAX_MANIFEST, "minutes": 20,
}  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def as_object(value: object, what: str) -> Mapping[str, Any]:
    """Return a JSON object."""
    if not isinstance(value, dict):
        raise DraftRefused(f"{what} must be a JSON object.")
    return value


def as_list(value: object, what: str, most: int) -> list[Any]:
    """Return a JSON array of at most *most* values."""
    if not isinstance(value, list):
        raise DraftRefused(f"{what} must be a JSON array.")
    if len(value) > most:
        raise DraftRefused(f"{what} has {len(value):,} entries; at most {most:,} are allowed.")
    return value


def as_number(value: object, what: str) -> int:
    """Return a whole number that the database can hold."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise DraftRefused(f"{what} must be a whole number.")
    return value


def as_token(value: object, what: str) -> str:
    """Return letters, digits, hyphens and underscores: 1 to 64 of them."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise DraftRefused(f"{what} must be 1 to 64 letters, digits, hyphens or underscores.")
    return value


def as_line(value: object, what: str, most: int = 400) -> str:
    """Return a short text."""
    if not isinstance(value, str) or len(value) > most:
        raise DraftRefused(f"{what} must be a text of at most {most:,} characters.")
    return value


def as_field(value: object, name: str) -> str:
    """Return the text of a field of a draft; one that is too long is refused, and never cut."""
    if not isinstance(value, str):
        raise DraftRefused(f'"{name}" must be a text.')
    check_size(name, value)
    return value


def check_size(name: str, text: str) -> None:
    """Refuse a text that is longer than its field may be.

    Raises:
        DraftRefused: says how long it is.
    """
    most = FIELD_LIMITS[name]
    if len(text) > most:
        raise DraftRefused(
            f'"{name}" has {len(text):,} characters; at most {most:,} are allowed. '
            "Nothing of it was saved."
        )
