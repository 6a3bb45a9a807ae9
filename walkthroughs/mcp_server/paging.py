"""Pages of the lists that clients read by themselves: as many lines as `list_walkthroughs` has."""

from __future__ import annotations

import re

from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, PaginatedRequestParams

from walkthroughs.mcp_server import texts

_CURSOR = re.compile(r"[1-9]\d{0,2}")


def page_of(params: PaginatedRequestParams | None) -> int:
    """Return which page a request asks for, counted from 1.

    Raises:
        MCPError: its cursor is none of ours.
    """
    cursor = params.cursor if params else None
    if cursor is None:
        return 1
    if not _CURSOR.fullmatch(cursor):
        message = f'"{cursor[:80]}" is no cursor of this list. List again without one.'
        raise MCPError(code=INVALID_PARAMS, message=message)
    return int(cursor)


def cursor_after(page: int, *, has_more: bool) -> str | None:
    """Return the cursor of the next page; none if there is none, or if it would not be taken."""
    following = str(page + 1)
    return following if has_more and _CURSOR.fullmatch(following) else None


def unavailable_error() -> MCPError:
    """Return the error that says that the database is away. The same call will do later."""
    return MCPError(code=INTERNAL_ERROR, message=texts.UNAVAILABLE)
