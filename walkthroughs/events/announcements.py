"""Hear of changes, whichever process has made them: events that were moved, and content."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from psycopg2.extensions import connection as Connection

from walkthroughs.counted_log import CountedLog
from walkthroughs.database.listener import close, listen, wait
from walkthroughs.database.pool import Database
from walkthroughs.database.unavailable import DatabaseUnavailable, unavailable_errors

_log = CountedLog(logging.getLogger(__name__))
#: What the database announces of MCP servers: see the triggers of migration 0038. A word is
#: `organization/server:lists`, or `:tools` when the server is switched on or off.
CONTENT = "content"
#: In place of an id: any organization, or any walkthrough.
ANY = "*"
#: What has changed, by where: ids of walkthroughs by the id of their organization, for events.
Announced = Mapping[str, frozenset[str]]
EVERYTHING: Announced = {ANY: frozenset({ANY})}
_WAIT_SECONDS, _RETRY_SECONDS = 60.0, 1.0


def parse(payload: str) -> Announced:
    """Return what a notification says: words with commas between.

    A word is an organization and a walkthrough with a colon between, an organization alone, or
    `*`: the shorter ones are used where there are too many for one notification.
    """
    found: dict[str, set[str]] = {}
    for word in filter(None, payload.split(",")):
        organization_id, _, walkthrough_id = word.partition(":")
        found.setdefault(organization_id, set()).add(walkthrough_id or ANY)
    return {organization_id: frozenset(ids) for organization_id, ids in found.items()}


def run_announcements(
    database: Database,
    tell: Mapping[str, Callable[[Announced], None]],
    stop: threading.Event,
    count_reconnect: Callable[[], None],
) -> None:
    """Tell what is announced, until *stop*: one connection, to the server itself.

    *tell* has who is to be told, by channel. When the connection was lost, they all hear of
    everything as soon as there is another: nobody knows what was announced meanwhile.
    """
    listener: Connection | None = None
    was_lost = False
    while not stop.is_set():
        try:
            with unavailable_errors():
                if listener is None:
                    listener = listen(database, *tell)
                    if was_lost:
                        count_reconnect()
                        for each in tell.values():
                            each(EVERYTHING)
                for notice in wait(listener, _WAIT_SECONDS, stop):
                    tell[notice.channel](parse(notice.payload))
        except Exception as error:  # noqa: BLE001  the loop must outlive what it works on
            if not isinstance(error, DatabaseUnavailable):  # that is logged where it was seen
                line = f"announcements were not heard; listening again: {error}"
                _log.write(logging.ERROR, type(error).__name__, line)
            close(listener)
            listener, was_lost = None, True
            stop.wait(_RETRY_SECONDS)
    close(listener)
