"""A served classroom for the clients of other people."""

from tests.serving import origin, school

__all__ = ["origin", "school"]
