"""A synced source for every test that does not make one of its own."""

from tests.authors import room

__all__ = ["room"]
