"""A learner's place and the texts of the version that it is in; the texts mostly from memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial

from walkthroughs.database.pool import Database
from walkthroughs.database.prepared import Prepared
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache, PublishedVersion
from walkthroughs.learning.stored_place import StoredPlace, read_place
from walkthroughs.mcp_server.threads import Threads

_Key = tuple[str, str, int, str]


@dataclass(frozen=True)
class Places:
    """Asks for places and versions, on the event loop. Only new texts are read in a thread."""

    database: Database
    prepared: Prepared
    threads: Threads
    cache: ContentCache
    _reading: dict[_Key, asyncio.Task[PublishedVersion | None]] = field(default_factory=dict)

    async def find(
        self, caller: Caller, walkthrough_id: str
    ) -> tuple[PublishedVersion, StoredPlace] | None:
        """Return the live version and the learner's place in it; none if it is not offered here.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        published = self.cache.latest(walkthrough_id)
        for _ in range(3):  # a version may be published between two statements
            place = await read_place(self.prepared, caller, walkthrough_id, published)
            if place is None:
                return None
            if published is not None and place.is_in(published):
                return published, place
            published = await self.version(
                caller.organization_id, walkthrough_id, place.version, place.digest
            )
        raise DatabaseUnavailable

    async def version(
        self, organization_id: str, walkthrough_id: str, version: int, digest: str
    ) -> PublishedVersion | None:
        """Return that version from memory; else read what is live, which may be newer by now.

        However many ask for it at once, one thread reads it.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        if (kept := self.cache.get(walkthrough_id, version, digest)) is not None:
            return kept
        key = organization_id, walkthrough_id, version, digest
        reading = self._reading.get(key)
        if reading is None:
            # A task of its own: the caller who began it may leave before the others.
            reading = asyncio.create_task(self.threads.run(partial(self._read, *key)))
            self._reading[key] = reading
            reading.add_done_callback(partial(self._end, key))
        return await asyncio.shield(reading)

    def _end(self, key: _Key, reading: asyncio.Task[PublishedVersion | None]) -> None:
        del self._reading[key]
        if not reading.cancelled():
            reading.exception()  # else asyncio complains if nobody waits for it any more

    def _read(
        self, organization_id: str, walkthrough_id: str, version: int, digest: str
    ) -> PublishedVersion | None:
        with self.database.autocommit() as connection:
            return self.cache.load(connection, organization_id, walkthrough_id, version, digest)
