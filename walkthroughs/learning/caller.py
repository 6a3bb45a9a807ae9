"""Who is calling, and which server they call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The scope of every read and write of a tool call. No learner id: anonymous.

    Attributes:
        pace_seconds: how long a step that was shown cannot be completed, on this server.
        link_hash: of the personal link that they came by, if they did. The ordinary step call
            checks it in its own statement.
        bearer_hash: of the token that they signed in with, if they did; checked likewise.
        base_address: what the public addresses of the server's pictures begin with, on the host
            that they came by.
    """

    organization_id: str
    server_id: str
    learner_id: str | None = None
    pace_seconds: int = 0
    link_hash: str | None = None
    base_address: str = ""
    bearer_hash: str | None = None
