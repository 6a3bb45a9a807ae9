"""The texts of a walkthrough's versions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from walkthroughs.content.content_json import content_from_json
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.errors import VersionUnavailable, WalkthroughNotFound
from walkthroughs.models.walkthroughs import Walkthrough, WalkthroughVersion
from walkthroughs.publishing.read import content_of, steps_of


def read_version(
    session: Session, organization_id: str, walkthrough_id: str, number: int
) -> WalkthroughContent:
    """Return what a version holds, the live one or an earlier one.

    Raises:
        WalkthroughNotFound: the organization has no such walkthrough.
        VersionUnavailable: there was no such version, or its texts were not kept.
    """
    row = session.scalar(
        select(Walkthrough).where(
            Walkthrough.organization_id == organization_id, Walkthrough.id == walkthrough_id
        )
    )
    if row is None:
        raise WalkthroughNotFound(walkthrough_id)
    if number == 0:  # before the first one there was nothing
        return WalkthroughContent(row.external_id, "")
    if number == row.version:
        return content_of(row, steps_of(session, row))
    query = select(WalkthroughVersion).where(
        WalkthroughVersion.organization_id == organization_id,
        WalkthroughVersion.walkthrough_id == walkthrough_id,
        WalkthroughVersion.number == number,
    )
    version = session.scalar(query.options(undefer(WalkthroughVersion.content)))
    if version is None:
        raise VersionUnavailable(f"There is no version {number} of this walkthrough.")
    if version.content is None:
        raise VersionUnavailable(
            f"The texts of version {number} were not kept: it was replaced before "
            "versions kept them."
        )
    return content_from_json(version.content)


def versions_since(
    session: Session, organization_id: str, walkthrough_id: str, number: int, most: int = 5
) -> Sequence[WalkthroughVersion]:
    """Return the newest versions behind *number*, without their texts, oldest first."""
    query = select(WalkthroughVersion).where(
        WalkthroughVersion.organization_id == organization_id,
        WalkthroughVersion.walkthrough_id == walkthrough_id,
        WalkthroughVersion.number > number,
    )
    newest = session.scalars(query.order_by(WalkthroughVersion.number.desc()).limit(most))
    return newest.all()[::-1]
