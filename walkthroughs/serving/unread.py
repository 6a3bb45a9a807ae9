"""How much of their answers clients have not taken yet, of all connections, and a bound on it."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

#: Bytes of all answers of a process that wait for their clients: twice the largest one.
MOST_UNREAD_BYTES = 128 * 1024 * 1024


class Connection(Protocol):
    """What has an answer whose client has not taken all of it."""

    @property
    def peer(self) -> str:
        """Return the address at its other end."""

    def give_up(self) -> None:
        """End it at once: there is no room for what waits in it."""


class UnreadAnswers:
    """What waits to be taken, of all connections of a server.

    Beyond *most* bytes, of the address with the most the connection that waits longest is given up.
    """

    def __init__(self, most: int = MOST_UNREAD_BYTES) -> None:
        self._most = most
        #: By address: its connections, from the one that waits longest, and how much waits in each.
        self._waiting: dict[str, dict[Connection, int]] = {}
        self._sizes: Counter[str] = Counter()

    def note(self, connection: Connection, size: int) -> None:
        """Note that so much waits in a connection now."""
        self.forget(connection)
        self._waiting.setdefault(connection.peer, {})[connection] = size
        self._sizes[connection.peer] += size
        while self._sizes.total() > self._most:
            ((peer, _),) = self._sizes.most_common(1)
            longest = next(iter(self._waiting[peer]))
            self.forget(longest)
            longest.give_up()

    def forget(self, connection: Connection) -> None:
        """Note that nothing waits in a connection any more."""
        peer = connection.peer
        size = self._waiting.get(peer, {}).pop(connection, None)
        if size is None:
            return
        self._sizes[peer] -= size
        if not self._waiting[peer]:
            del self._waiting[peer], self._sizes[peer]
