"""What can go wrong with a repository."""

from __future__ import annotations

from walkthroughs.errors import HandrailError


class RepositoryUnavailable(HandrailError):
    """The repository, its branch or its folder cannot be read now; nothing is changed by that."""


class CopyDamaged(RepositoryUnavailable):
    """Our copy cannot be read; a new one can be made."""
