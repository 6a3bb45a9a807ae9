"""How much one walkthrough may hold: the same in files and in the dashboard."""

from __future__ import annotations

MAX_STEPS = 1000
#: In characters: a letter is one, in every script. All texts of a step together.
MAX_STEP = 64 * 1024
#: Of a walkthrough's details, with the list of its steps.
MAX_MANIFEST = 256 * 1024
MAX_TITLE = 200
MAX_MINUTES = 10_000


def line_fault(name: str, text: str) -> str | None:
    """Return what is wrong with a title, which is one line; none if nothing is."""
    if len(text) <= MAX_TITLE and "\n" not in text:
        return None
    return f'"{name}" must be one line of at most {MAX_TITLE} letters'


def whole_number(text: str, low: int, high: int) -> int | None:
    """Return the whole number from *low* to *high* that *text* is; none if it is none."""
    digits = text.isascii() and text.isdigit() and len(text) <= 6 and text[0] != "0"
    return int(text) if digits and low <= int(text) <= high else None


def number_fault(name: str, low: int, high: int) -> str:
    """Return what is wrong with a text that is no whole number within bounds."""
    return f'"{name}" must be a whole number from {low} to {high}'


def size_fault(size: int) -> str | None:
    """Return what is wrong with a step whose texts have *size* characters; none if nothing is."""
    if size <= MAX_STEP:
        return None
    return f"the step has {size:,} characters; at most {MAX_STEP:,} are allowed"
