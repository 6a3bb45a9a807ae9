"""Decide what a commit changes. Pure: values in, values out, nothing touched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from sync.format.parse_result import ParseResult, WantedWalkthrough
from walkthroughs.content.problems import Problem
from walkthroughs.content.revision import Level, compare
from walkthroughs.content.values import Outline

#: The name of a walkthrough's folder, and the id of the Git tree that was read.
FolderTree = tuple[str, str]
#: Lines of one kind that are told of a plan, and are stored.
_MAX_LINES = 200


class ChangeKind(StrEnum):
    """What a change does to a walkthrough; the first three are levels of new content."""

    TEXT = Level.TEXT.value
    STRUCTURE = Level.STRUCTURE.value
    REDO = Level.REDO.value
    CREATE = "create"
    SHOW = "show"
    ASSIGN = "assign"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Live:
    """What the database holds of one walkthrough of the source, without its texts.

    Attributes:
        servers: slugs of the MCP servers it is assigned to, on or off.
    """

    walkthrough_id: str
    outline: Outline
    version: int
    is_published: bool
    is_archived: bool = False
    servers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Create:
    """A new walkthrough, at version 1."""

    wanted: WantedWalkthrough

    @property
    def kind(self) -> ChangeKind:
        """Return what it does."""
        return ChangeKind.CREATE


@dataclass(frozen=True, slots=True)
class Update:
    """New content, other visibility, new assignments, or back from the archive.

    No level: same content.
    """

    live: Live
    wanted: WantedWalkthrough
    level: Level | None
    summary: str

    @property
    def new_servers(self) -> tuple[str, ...]:
        """Return the servers it is not assigned to yet."""
        return tuple(slug for slug in self.wanted.servers if slug not in self.live.servers)

    @property
    def kind(self) -> ChangeKind:
        """Return the level, or without one `show` (or hide), or `assign` if that is all."""
        if self.level is not None:
            return ChangeKind(self.level.value)
        is_seen = self.live.is_published == self.wanted.is_published and not self.live.is_archived
        return ChangeKind.ASSIGN if is_seen else ChangeKind.SHOW


@dataclass(frozen=True, slots=True)
class Archive:
    """Hide a walkthrough that left the repository; learners' progress stays."""

    live: Live

    @property
    def kind(self) -> ChangeKind:
        """Return what it does."""
        return ChangeKind.ARCHIVE


Change = Create | Update | Archive


@dataclass(frozen=True, slots=True)
class Plan:
    """What files would change in a content source, and what there is to say of it.

    Attributes:
        changes: at most one a walkthrough, by author id; none if all is in sync.
        problems: mistakes of the authors, in file order. What has one stays as it is.
        approval_reasons: why the plan needs approval; none if it does not.
        impact: what it means for learners on the way, a line each, if that was asked for.
        commit: what it is the plan of; none for files that are no commit yet.
        fingerprint: what to approve; none without a commit.
        read_again: author's ids of what was read well, and has a problem all the same.
    """

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    approval_reasons: tuple[str, ...] = ()
    impact: tuple[str, ...] = ()
    commit: str | None = None
    fingerprint: str | None = None
    read_again: frozenset[str] = frozenset()

    def places(self, folders: Mapping[str, str], trees: Mapping[str, str]) -> dict[str, FolderTree]:
        """Return where walkthroughs are that need not be read again while they stay as they are.

        Args:
            folders: those that were read, author's id -> folder.
            trees: the Git tree of each folder.
        """
        return {
            name: (folder, trees[folder])
            for name, folder in folders.items()
            if name not in self.read_again
        }


def diff(parsed: ParseResult, published: Iterable[Live]) -> tuple[Change, ...]:
    """List the changes that make *published* equal to *parsed*, by author id.

    At most one change a walkthrough. What cannot be read is left as it is, and
    nothing is archived unless every manifest's id could be read: a mistake must
    never look like a deletion. Planning again after an apply gives nothing.
    """
    wanted = {each.outline.id: each for each in parsed.wanted}
    live = {row.outline.id: row for row in published}
    changes: list[Change] = []
    for author_id in sorted((wanted.keys() | live.keys()) - parsed.unreadable - parsed.unchanged):
        want, row = wanted.get(author_id), live.get(author_id)
        if want is None and row is not None:
            if parsed.complete and not row.is_archived:
                changes.append(Archive(row))
        elif want is not None and row is None:
            changes.append(Create(want))
        elif want is not None and row is not None:
            changes += _update(row, want)
    return tuple(changes)


def fingerprint(commit: str, changes: Iterable[Change]) -> str:
    """Return what names this very plan: other content, versions or commit give another.

    An approval holds for one fingerprint, so that a person approves only what they have seen.
    """
    lines = [commit]
    for change in changes:
        match change:
            case Create(wanted):
                lines.append(f"create {_facts(wanted)}")
            case Update(live, wanted):
                lines.append(f"update {live.walkthrough_id} {live.version} {_facts(wanted)}")
            case Archive(live):
                lines.append(f"archive {live.walkthrough_id} {live.version}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _update(row: Live, wanted: WantedWalkthrough) -> list[Change]:
    revision = compare(row.outline, wanted.outline)
    change = Update(row, wanted, revision.level, revision.summary)
    shown = row.is_published == wanted.is_published and not row.is_archived
    if revision.level is None and shown and not change.new_servers:
        return []
    return [change]


def _facts(wanted: WantedWalkthrough) -> str:
    return f"{wanted.outline.digest} {wanted.is_published} {' '.join(wanted.servers)}"


def group_by_moves(changes: Sequence[Change]) -> list[list[Change]]:
    """Put the changes together that exchange steps, directly or through others. Pure."""
    group_of = {_name(change): [change] for change in changes}
    for change in changes:
        for other in _takes_from(change):
            mine, theirs = group_of[_name(change)], group_of.get(other)
            if theirs is not None and theirs is not mine:
                mine += theirs
                group_of |= {_name(each): mine for each in theirs}
    groups: dict[int, list[Change]] = {id(group): group for group in group_of.values()}
    return list(groups.values())


def _name(change: Change) -> str:
    return (change.live if isinstance(change, Archive) else change.wanted).outline.id


def _takes_from(change: Change) -> Iterator[str]:
    """Yield the walkthroughs that *change* takes steps from."""
    if not isinstance(change, Archive):
        for move in change.wanted.outline.moved:
            yield from (walkthrough for walkthrough, _ in move.previous_names)


def first_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the first of *lines*, and one that says how many there are beyond."""
    left = iter(lines)
    told = tuple(islice(left, _MAX_LINES))
    more = sum(1 for _ in left)
    return (*told, f"and {more:,} more") if more else told
