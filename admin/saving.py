"""Run one change of the dashboard in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from admin.access.actors import current_actor
from walkthroughs.audit.record import act_as
from walkthroughs.models import db
from walkthroughs.runtime import runtime


@contextmanager
def write_transaction() -> Iterator[Session]:
    """Yield a new session for one change. Commit it when the block ends without an error.

    Roll the page's session back first: it read its rows before the change took its locks,
    so it must not write them back, and reads them again afterwards. The audit names the
    member who is signed in.
    """
    actor = current_actor()
    db.session.rollback()
    with runtime().database.transaction() as session:
        act_as(session, actor)
        yield session
