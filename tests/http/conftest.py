"""A served course for every test of the HTTP side, and a source that is synced."""

from tests.authors import synced
from tests.serving import course_server, origin

__all__ = ["course_server", "origin", "synced"]
