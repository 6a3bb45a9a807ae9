"""Transactions of the pages and endpoints of a sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from walkthroughs.database.unavailable import unavailable_errors
from walkthroughs.runtime import runtime


@contextmanager
def transaction() -> Iterator[Session]:
    """Yield a session; commit when the block ends well, else roll back.

    Raises:
        DatabaseUnavailable: the server does not answer.
    """
    with unavailable_errors(), runtime().database.transaction() as session:
        yield session
