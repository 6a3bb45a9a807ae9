"""Why a change was not proposed."""

from __future__ import annotations

from sync.format.file_diff import FileDiff, as_text
from walkthroughs.errors import HandrailError


class NotProposed(HandrailError):
    """Nothing was pushed.

    Attributes:
        patch: the change as `git am` reads it; none if there is none.
    """

    def __init__(self, message: str, patch: bytes | None = None) -> None:
        self.patch = patch
        super().__init__(message)


class ProposalLate(NotProposed):
    """The host, or a run of the source, took too long."""


class NothingToPropose(NotProposed):
    """The files say already what is proposed."""


class ProposalConflict(NotProposed):
    """Others have changed the same files on the branch.

    Attributes:
        files: what they have changed in these files.
        tip: the last commit of theirs.
    """

    def __init__(self, message: str, files: tuple[FileDiff, ...], tip: str) -> None:
        self.files, self.tip = files, tip
        super().__init__(message)

    @property
    def theirs(self) -> str:
        """Return what they have changed, as one unified diff."""
        return as_text(self.files)
