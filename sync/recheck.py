"""Slowly compare what is live with what its commit says, whatever is believed of it."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterable

from sync import history
from sync.git.errors import RepositoryUnavailable
from sync.planning.report import describe
from sync.runs import SyncRequest
from sync.sync_source import plan_source, sync_source
from walkthroughs.database.pool import Database
from walkthroughs.enums import SyncTrigger
from walkthroughs.models import ContentSource
from walkthroughs.settings import Settings

_log = logging.getLogger(__name__)
#: How often a process looks at one of the sources, and how many walkthroughs it reads then.
SECONDS = 1200.0
_FOLDERS = 3


def choose(sources: Iterable[ContentSource]) -> ContentSource | None:
    """Return by chance a source of which everything should be live; none if there is none."""
    settled = [
        source
        for source in sources
        if source.synced_commit is not None
        and source.synced_commit == source.newest_commit
        and source.held_at is None
        and source.awaiting_approval is None
        and source.error is None
    ]
    return random.choice(settled) if settled else None  # noqa: S311  not for secrets


def recheck(
    database: Database, settings: Settings, source_id: str, stop: threading.Event | None = None
) -> bool:
    """Read a few walkthroughs again. If one differs from what is live, log it, and read all again.

    Returns whether one did. A new commit is left to the ordinary way.

    Raises:
        Stopped: *stop* is set.
    """
    request = SyncRequest(SyncTrigger.POLL, reread_folders=_FOLDERS)
    try:
        plan = plan_source(database, settings, source_id, request, stop)
        source = history.read(database, source_id)
        if not plan.changes or plan.commit != source.synced_commit:
            return False
        changes = "; ".join(map(describe, plan.changes))
        _log.error(
            "%s: live walkthroughs differ from the commit %s that they were read from: %s. "
            "Everything is read again.", source.name, plan.commit, changes,
        )  # fmt: skip
        again = SyncRequest(SyncTrigger.POLL, "re-check", read_all=True)
        sync_source(database, settings, source_id, again, stop)
    except RepositoryUnavailable as error:
        _log.info("not looked at again, since the repository cannot be read: %s", error)
        return False
    return True
