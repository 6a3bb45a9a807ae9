"""What the prepared connections of an event loop send to PostgreSQL, as libpq itself tells."""

import re
from contextlib import contextmanager
from tempfile import NamedTemporaryFile

_SENT = re.compile(r"\tF\t\d+\t(Bind\t \"\" \"(?P<name>\w+)\"|(?P<other>Query|Parse|Sync))")


@contextmanager
def sent_by(prepared):
    """Yield a list that has, after the block, the names of what the idle connections ran.

    "Sync" ends each round trip.
    """
    sent = []
    with NamedTemporaryFile("w+") as log:
        connections = list(prepared._free)
        for connection in connections:
            connection._connection.trace(log.fileno())
        yield sent
        for connection in connections:
            connection._connection.untrace()
        log.seek(0)
        sent += [found["name"] or found["other"] for found in _SENT.finditer(log.read())]
