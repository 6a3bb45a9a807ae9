"""The names of prompts: one for each walkthrough, made from the author's id. Pure.

Assistants show a name as a command that people type, so it has few kinds of characters and never
changes with a title. A name with a suffix always means the same walkthrough, whatever else there
is; a name without one means the oldest walkthrough of the organization that has this author's id.
"""

from __future__ import annotations

import re
from hashlib import sha256

#: Goes on where the learner was. No walkthrough has this name.
CONTINUE = "continue"
MAX_NAME = 40
#: Hexadecimal digits of a suffix. SQL makes the same one.
SUFFIX_DIGITS = 10

_MAX_STEM = MAX_NAME - SUFFIX_DIGITS - 1
_NAME = re.compile(rf"[a-z0-9-]{{1,{MAX_NAME}}}")
_SUFFIXED = re.compile(rf"[a-z0-9-]{{1,{_MAX_STEM}}}-([0-9a-f]{{{SUFFIX_DIGITS}}})")
_OTHER = re.compile(r"[^a-z0-9]+")


def prompt_name(author_id: str, row_id: str, *, is_oldest: bool) -> str:
    """Return the name of a walkthrough's prompt.

    Args:
        author_id: the id that its author wrote, or that the dashboard made.
        row_id: the id of its row.
        is_oldest: whether no older walkthrough of the organization has this author's id.
    """
    is_name = _NAME.fullmatch(author_id) and author_id != CONTINUE
    if is_oldest and is_name and not _SUFFIXED.fullmatch(author_id):
        return author_id
    return suffixed_name(author_id, row_id)


def suffixed_name(author_id: str, row_id: str) -> str:
    """Return the name that belongs to this walkthrough alone."""
    stem = _OTHER.sub("-", author_id.lower()[: 2 * MAX_NAME]).strip("-")[:_MAX_STEM].rstrip("-")
    suffix = sha256(row_id.encode()).hexdigest()[:SUFFIX_DIGITS]
    return f"{stem or 'walkthrough'}-{suffix}"


def is_prompt_name(name: str) -> bool:
    """Return whether a prompt may have this name."""
    return _NAME.fullmatch(name) is not None


def suffix_of(name: str) -> str | None:
    """Return the suffix of a name; none if it has none."""
    found = _SUFFIXED.fullmatch(name)
    return found[1] if found else None
