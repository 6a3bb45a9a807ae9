"""Decide what a commit changes. Pure: values in, values out, nothing touched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sync.parse import Parsed
from walkthroughs.content import Authored, WalkthroughContent
from walkthroughs.revision import Level, compare


@dataclass(frozen=True, slots=True)
class Live:
    """What the database holds of one walkthrough of the source."""

    walkthrough_id: str
    content: WalkthroughContent
    version: int
    is_published: bool
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class Create:
    """A new walkthrough, at version 1."""

    authored: Authored


@dataclass(frozen=True, slots=True)
class Update:
    """New content, other visibility, or back from the archive. No level: same content."""

    live: Live
    authored: Authored
    level: Level | None
    summary: str


@dataclass(frozen=True, slots=True)
class Archive:
    """Hide a walkthrough that left the repository; learners' progress stays."""

    live: Live


Change = Create | Update | Archive


def plan(parsed: Parsed, published: Iterable[Live]) -> tuple[Change, ...]:
    """List the changes that make *published* equal to *parsed*, by author id.

    At most one change a walkthrough. What cannot be read is left as it is, and
    nothing is archived unless every manifest's id could be read: a mistake must
    never look like a deletion. Planning again after an apply gives nothing.
    """
    wanted = {authored.content.id: authored for authored in parsed.authored}
    live = {row.content.id: row for row in published}
    changes: list[Change] = []
    for author_id in sorted((wanted.keys() | live.keys()) - parsed.unreadable - parsed.unchanged):
        authored, row = wanted.get(author_id), live.get(author_id)
        if authored is None and row is not None:
            if parsed.complete and not row.is_archived:
                changes.append(Archive(row))
        elif authored is not None and row is None:
            changes.append(Create(authored))
        elif authored is not None and row is not None:
            changes += _update(row, authored)
    return tuple(changes)


def fingerprint(commit: str, changes: Iterable[Change]) -> str:
    """Return what names this very plan: other content, versions or commit give another.

    A confirmation holds for one fingerprint, so that nobody confirms what they have not seen.
    """
    lines = [commit]
    for change in changes:
        match change:
            case Create(authored):
                lines.append(f"create {authored.content.digest()} {authored.is_published}")
            case Update(live, authored):
                facts = f"{live.version} {authored.content.digest()} {authored.is_published}"
                lines.append(f"update {live.walkthrough_id} {facts}")
            case Archive(live):
                lines.append(f"archive {live.walkthrough_id} {live.version}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def describe(change: Change) -> str:
    """Return one line for people."""
    match change:
        case Create(authored):
            return f"create   {authored.content.id}  ({len(authored.content.steps)} steps)"
        case Update(live, authored, level, summary):
            if level:
                return (
                    f"update   {live.content.id}  {live.version} -> {live.version + 1}  {summary}"
                )
            state = "published" if authored.is_published else "draft"
            return f"show     {live.content.id}  ({state})"
        case Archive(live):
            return f"archive  {live.content.id}"


def _update(row: Live, authored: Authored) -> list[Change]:
    revision = compare(row.content, authored.content)
    same = revision.level is None and not row.is_archived
    if same and row.is_published == authored.is_published:
        return []
    return [Update(row, authored, revision.level, revision.summary)]
