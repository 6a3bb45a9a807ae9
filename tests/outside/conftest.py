"""A served course for the clients of other people."""

from tests.serving import course_server, origin

__all__ = ["course_server", "origin"]
