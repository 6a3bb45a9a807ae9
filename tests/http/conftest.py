"""A served classroom for every test of the HTTP side, and a source that is synced."""

from tests.authors import room
from tests.serving import origin, school

__all__ = ["origin", "room", "school"]
