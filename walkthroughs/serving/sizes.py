"""How much a process does at once, so that all processes together fit the database."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from walkthroughs.database.pool import Database
from walkthroughs.errors import HandrailError

#: What one process does at once where connections are plenty.
_MOST_THREADS, _MOST_CHECKS = 10, 4
#: Three may wait for other hosts (`outside_waits`): one is left for the others' pages.
_FEWEST_THREADS = 4
#: Connections that hear of changes: of content sources, and of events.
_LISTENING = 2
#: What a check of a content source takes, and for how many connections there is one more check.
_OF_CHECK, _A_CHECK_EACH = 3, 10
_ROOM = text(
    """
    SELECT sum(CASE name WHEN 'max_connections' THEN 1 ELSE -1 END * setting::int)::int
      FROM pg_settings
     WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
    """
)


class TooManyConnections(HandrailError):
    """The processes do not fit the connections."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What one process does at once.

    Attributes:
        threads: pages that are made, and as many tools that run.
        checks: content sources that are checked.
    """

    threads: int = _MOST_THREADS
    checks: int = _MOST_CHECKS

    @property
    def pool_size(self) -> int:
        """Return the size of the pool: a page and a tool hold one connection, a check three."""
        return 2 * self.threads + _OF_CHECK * self.checks

    @property
    def connections(self) -> int:
        """Return how many connections the process opens at most, with those outside the pool."""
        return self.pool_size + self.pool_size // 3 + _LISTENING


def sizes_of(connections: int, workers: int) -> Sizes:
    """Return the sizes of each of *workers* processes that share so many *connections*.

    Raises:
        TooManyConnections: there are too few for so many.
    """
    share = connections // workers
    checks = max(1, min(_MOST_CHECKS, share // _A_CHECK_EACH))
    for threads in range(_MOST_THREADS, _FEWEST_THREADS - 1, -1):
        sizes = Sizes(threads, checks)
        if sizes.connections <= share:
            return sizes
    needed = workers * Sizes(_FEWEST_THREADS, 1).connections
    message = (
        f"{workers} workers need {needed} connections to the database at least, and "
        f"HANDRAIL_DATABASE_CONNECTIONS is {connections}. Raise it, or start fewer workers."
    )
    raise TooManyConnections(message)


def check_room(database: Database, sizes: Sizes, workers: int) -> None:
    """See that the database takes all connections that *workers* processes may open.

    Behind a pooler nothing is asked: that shares out connections itself.

    Raises:
        TooManyConnections: it takes fewer.
        DatabaseUnavailable: it does not answer.
    """
    if database.is_pooled:
        return
    with database.autocommit() as connection:
        room = int(connection.execute(_ROOM).scalar_one())
    wanted = workers * sizes.connections
    if wanted > room:
        message = (
            f"{workers} processes may open {wanted} connections, and the database takes {room}. "
            f"Set HANDRAIL_DATABASE_CONNECTIONS to {room} or less, or raise its max_connections."
        )
        raise TooManyConnections(message)
