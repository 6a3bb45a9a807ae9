"""The result of parsing a commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from walkthroughs.content.problems import FILE_ORDER, Problem
from walkthroughs.content.values import Outline


@dataclass(frozen=True, slots=True)
class WantedWalkthrough:
    """A walkthrough as a commit wants it, without its texts.

    Attributes:
        is_published: visible to learners (`status: published`).
        servers: slugs of MCP servers it asks to be assigned to.
        servers_line: where its manifest does so.
        staged_at: where its texts are, as `stage` has said.
    """

    outline: Outline
    is_published: bool = False
    servers: tuple[str, ...] = ()
    staged_at: int = 0
    servers_line: int = 1


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What the files of one commit say.

    Attributes:
        wanted: every walkthrough without a mistake, by id.
        problems: every mistake, in file order.
        warnings: what is no mistake, but may not be what its author meant, in file order.
        unreadable: ids of walkthroughs that have a mistake: leave them as they are.
        complete: false if some manifest's id could not be read, so that no code
            can say which walkthroughs are gone.
        unchanged: ids of walkthroughs that were not read, since their folder is as it was.
        folders: the folder of each id in `wanted`.
        read_again: ids in `wanted` that have a problem all the same: their folders are read again.
    """

    wanted: tuple[WantedWalkthrough, ...]
    problems: tuple[Problem, ...]
    unreadable: frozenset[str]
    complete: bool
    unchanged: frozenset[str] = frozenset()
    folders: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    read_again: frozenset[str] = frozenset()


def in_file_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return the problems by file, then by line."""
    return tuple(sorted(problems, key=FILE_ORDER))
