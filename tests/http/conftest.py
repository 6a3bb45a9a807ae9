"""A served classroom for every test of the HTTP side."""

from tests.serving import origin, school

__all__ = ["origin", "school"]
