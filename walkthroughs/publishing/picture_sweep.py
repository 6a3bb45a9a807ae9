"""Delete pictures that no text names any more, some time after they were stored."""

from __future__ import annotations

import logging
import threading

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from walkthroughs.database.pool import Database
from walkthroughs.events.scope import DAY_MS
from walkthroughs.models import Walkthrough, WalkthroughImage
from walkthroughs.publishing.picture_uses import places_of_pictures

_log = logging.getLogger(__name__)
#: How long a picture may be without a text that names it: somebody may be about to write one.
KEPT_DAYS = 30
#: Walkthroughs of one sweep. Those that are left are the next one's.
_AT_ONCE = 500
#: Walkthroughs with an old picture that no live step names: few, so that the rest is read of few.
_CANDIDATES = text("""
    SELECT i.organization_id, i.walkthrough_id FROM walkthrough_images i
     WHERE i.created_at < :before AND NOT EXISTS (
           SELECT 1 FROM walkthrough_steps s
            WHERE s.organization_id = i.organization_id AND s.walkthrough_id = i.walkthrough_id
              AND position(i.sha256 IN concat_ws(' ', s.content, s.agent_instructions, s.verify))
                  > 0)
     GROUP BY 1, 2 ORDER BY random() LIMIT :most
""")


def sweep_pictures(database: Database, now: int, stop: threading.Event | None = None) -> int:
    """Delete unused pictures that were stored more than 30 days ago; return how many.

    A picture is used if a live step, an archived one, a version, the draft or a kept copy names
    it. A walkthrough that somebody is writing at the moment is left for the next time.
    """
    before, deleted = now - KEPT_DAYS * DAY_MS, 0
    with database.transaction() as session:
        found = session.execute(_CANDIDATES, {"before": before, "most": _AT_ONCE}).all()
    for organization_id, walkthrough_id in found:
        if stop is not None and stop.is_set():
            break
        with database.transaction() as session:
            deleted += _sweep(session, organization_id, walkthrough_id, before)
    if deleted:
        _log.info("deleted %d pictures that nothing names any more", deleted)
    return deleted


def _sweep(session: Session, organization_id: str, walkthrough_id: str, before: int) -> int:
    # Who writes a draft or a version holds this lock: no text comes between reading and deleting.
    lock = (
        select(Walkthrough.id)
        .where(Walkthrough.organization_id == organization_id, Walkthrough.id == walkthrough_id)
        .with_for_update(key_share=True, skip_locked=True)
    )
    if session.scalar(lock) is None:
        return 0
    used = places_of_pictures(session, organization_id, walkthrough_id)
    image = WalkthroughImage
    gone = session.scalars(
        delete(image)
        .where(
            image.organization_id == organization_id,
            image.walkthrough_id == walkthrough_id,
            image.created_at < before,
            image.sha256.not_in(used),
        )
        .returning(image.sha256)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
