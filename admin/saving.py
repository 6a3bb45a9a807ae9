"""One transaction for a change of the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from walkthroughs.models import db
from walkthroughs.runtime import runtime


@contextmanager
def write_transaction() -> Iterator[Session]:
    """Yield a session of its own for one change, committed when the block ends well.

    The page's session gives its connection back first and reads everything again
    afterwards: what it read before the change's locks must not be written back.
    """
    db.session.rollback()
    with runtime().database.transaction() as session:
        yield session
