"""Errors that a caller can act on.

Each message is written for the person or the assistant who will read it: what
was asked for, why it cannot be given, what to do next. Anything else is a bug
and is left to propagate.
"""

from __future__ import annotations


class HandrailError(Exception):
    """Base of every error that this product raises on purpose."""


class SettingInvalid(HandrailError):
    """An environment variable is missing or cannot be used."""


class NotFound(HandrailError):
    """The thing does not exist, or the caller may not know that it does."""


class WalkthroughNotFound(NotFound):
    """No walkthrough with this id is served here to this caller."""

    def __init__(self, walkthrough_id: str) -> None:
        super().__init__(
            f'There is no walkthrough "{walkthrough_id[:80]}" on this server. '
            "It may have been withdrawn, or the id is mistyped. "
            "Call list_walkthroughs to see what is available."
        )


class StepNotFound(NotFound):
    """No step with this id is on the learner's way."""

    def __init__(self, step_id: str) -> None:
        super().__init__(
            f'"{step_id[:80]}" is not a step of a walkthrough this learner has started here. '
            "The id is mistyped, or the walkthrough was not selected yet. "
            "Call list_walkthroughs, then select_walkthrough."
        )


class LiveStepNotFound(NotFound):
    """The walkthrough has no live step with this id or at this position."""

    def __init__(self, named: str, total: int) -> None:
        super().__init__(
            f"There is no step {named} in the current version of this walkthrough. "
            f"It has steps 1 to {total}; get_walkthrough_status without step_id and position "
            "lists them with their ids."
        )


class NothingStarted(HandrailError):
    """The learner has no walkthrough in progress on this server."""

    def __init__(self) -> None:
        super().__init__(
            "The next step was asked for, but no walkthrough is in progress here. "
            "Call list_walkthroughs, then select_walkthrough with the learner's choice."
        )


class LastNotOffered(HandrailError):
    """The walkthrough of the learner's last call is not offered here any more."""

    def __init__(self) -> None:
        super().__init__(
            "The next step was asked for without naming one, and the walkthrough of the last call "
            "is not offered here any more. Nothing moved. To go on with another, call "
            "list_walkthroughs, then select_walkthrough with the learner's choice."
        )


class ManagedByGit(HandrailError):
    """A walkthrough that a Git repository owns is changed there only."""

    def __init__(self, title: str, walkthrough_id: str) -> None:
        self.walkthrough_id = walkthrough_id
        super().__init__(
            f'"{title}" is managed by a Git repository, so it cannot be changed here. '
            "Change its files in the repository; a merged commit goes live by itself."
        )


class WalkthroughArchived(HandrailError):
    """Learners do not see an archived walkthrough, so a change of it would have no effect."""

    def __init__(self, title: str) -> None:
        super().__init__(f'"{title}" is archived, so it cannot be changed. Restore it first.')


class DraftRefused(HandrailError):
    """What was sent for a draft cannot be taken, as a whole."""


class PictureUsed(HandrailError):
    """A picture cannot be deleted, since texts name it; the message says which."""


class DraftLocked(HandrailError):
    """The walkthrough of a draft is not the dashboard's to change now; the draft is kept."""

    def __init__(self, why: HandrailError) -> None:
        super().__init__(f"{why} The draft is kept.")


class NothingToPublish(HandrailError):
    """What is live is what the draft holds, and learners see it."""

    def __init__(self) -> None:
        super().__init__("Nothing changed since the last version, so there is nothing to publish.")


class PublishBlocked(HandrailError):
    """A draft cannot be published as it is."""


class PublishPlanChanged(HandrailError):
    """What a member agreed to publish is not what would be published now."""

    def __init__(self, changes: tuple[str, ...]) -> None:
        self.changes = changes
        super().__init__(
            f"Something changed since this was shown, so nothing was published: {' '.join(changes)}"
        )


class VersionUnavailable(HandrailError):
    """The texts of an older version are not there."""
