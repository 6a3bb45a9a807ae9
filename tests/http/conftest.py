"""A served course for every test of the HTTP side, a source that is synced, and sign-in."""

from tests.kept_sources import kept_sources, synced
from tests.serving import course_server, origin
from tests.signing_in import academy

__all__ = ["academy", "course_server", "kept_sources", "origin", "synced"]
