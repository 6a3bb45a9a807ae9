"""What is found while a commit is parsed, and what results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from walkthroughs.content.problems import FILE_ORDER, Problem, first_of_each_kind
from walkthroughs.content.values import Outline
from walkthroughs.content.wording import first_names

#: Problems that are told of a commit: more help nobody, and are stored.
MAX_PROBLEMS = 1000


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


@dataclass(slots=True)
class IdClaims:
    """The manifests that have a certain id; nothing wanted if one has a mistake, or of several."""

    paths: list[str] = field(default_factory=list)
    wanted: WantedWalkthrough | None = None


def refused(problems: list[Problem], unchanged: Iterable[str] = ()) -> ParseResult:
    """Return that nothing is wanted, and that nothing is gone: *unchanged* are not looked at."""
    told, _ = first_of_each_kind(problems, MAX_PROBLEMS)
    same = frozenset(unchanged)
    return ParseResult((), tuple(told), frozenset(), complete=False, unchanged=same)


def claimed_twice(author_id: str, paths: list[str]) -> Iterator[Problem]:
    """Yield a problem for each path: it names some of the others, however many there are."""
    for path in paths:
        others = [each for each in paths[:4] if each != path]
        also = first_names(others, len(paths) - 1 - len(others))
        yield Problem(path, 1, f'the id "{author_id}" is also in {also}')
