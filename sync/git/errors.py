"""What can go wrong with a repository, by who must act."""

from __future__ import annotations

from walkthroughs.errors import HandrailError


class RepositoryUnavailable(HandrailError):
    """The repository, its branch or its folder cannot be read now; nothing is changed by that."""


class SourceInvalid(RepositoryUnavailable):
    """An operator must act: the source's address, branch, folder or credential cannot be used."""


class NotUsableHere(SourceInvalid):
    """An operator must act: the key or the settings of this process keep it from the source."""


class AccessRefused(SourceInvalid):
    """An operator must act: the host shows the repository to nobody, or not to this credential."""


class ContentInvalid(RepositoryUnavailable):
    """The authors must act: what they pushed cannot be read at all."""


class HostUnavailable(RepositoryUnavailable):
    """The host must act, or time: it does not answer, or refuses. It is tried again."""


class CopyDamaged(RepositoryUnavailable):
    """No person must act: our copy cannot be read, and a new one is made."""


class Stopped(HandrailError):
    """The process stops, so its git was ended. Nothing is wrong with the source."""

    def __init__(self) -> None:
        super().__init__("The server stops. The content source is checked again after the start.")


class CommitUnknown(HandrailError):
    """The person who gave the command must act: there is no such commit. The source is fine."""


class PushFailed(HandrailError):
    """The host did not take a commit that was pushed."""


class BranchMoved(PushFailed):
    """Somebody pushed to the branch meanwhile; fetch it, and look again."""


class MayNotPush(PushFailed):
    """The source's credential may read, not write."""


class PushRefused(PushFailed):
    """The host takes such a push from nobody, or not this one; it says why."""
