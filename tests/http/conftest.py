"""A served course for every test of the HTTP side, a source that is synced, and sign-in."""

from tests.authors import synced
from tests.serving import course_server, origin
from tests.signing_in import academy

__all__ = ["academy", "course_server", "origin", "synced"]
