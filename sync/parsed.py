"""What the files of a commit say, and what of it this organization cannot have. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from sync.names import MANIFEST, WALKTHROUGHS
from walkthroughs.content import Outline
from walkthroughs.errors import Problem


@dataclass(frozen=True, slots=True)
class Wanted:
    """A walkthrough as a commit wants it, without its texts.

    Attributes:
        is_published: visible to learners (`status: published`).
        servers: slugs of MCP servers it asks to be assigned to.
        kept: where its texts are, as `keep` has said.
    """

    outline: Outline
    is_published: bool = False
    servers: tuple[str, ...] = ()
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the files of one commit say.

    Attributes:
        wanted: every walkthrough without a mistake, by id.
        problems: every mistake, in file order.
        unreadable: ids of walkthroughs that have a mistake: leave them as they are.
        complete: false if some manifest's id could not be read, so that nobody
            can say which walkthroughs are gone.
        unchanged: ids of walkthroughs that were not read, since their folder is as it was.
        folders: the folder of each id in `wanted`.
    """

    wanted: tuple[Wanted, ...]
    problems: tuple[Problem, ...]
    unreadable: frozenset[str]
    complete: bool
    unchanged: frozenset[str] = frozenset()
    folders: Mapping[str, str] = field(default_factory=dict)


def refuse_taken(parsed: Parsed, taken: Mapping[str, str]) -> Parsed:
    """Return *parsed* without the ids that other sources own (id -> source), which are problems."""
    problems = [
        _problem(parsed, name, f'the id "{name}" belongs to the content source "{source}"; '
                 "choose another")
        for name, source in taken.items()
    ]  # fmt: skip
    return replace(
        _with(parsed, problems),
        wanted=tuple(each for each in parsed.wanted if each.outline.id not in taken),
        unreadable=parsed.unreadable | taken.keys(),
        folders={name: at for name, at in parsed.folders.items() if name not in taken},
    )


def refuse_unknown_servers(parsed: Parsed, known: Collection[str]) -> Parsed:
    """Return *parsed* without the servers that are not *known*, which are problems.

    All else of such a walkthrough is wanted as it is.
    """
    problems, wanted = [], []
    for each in parsed.wanted:
        name = each.outline.id
        problems += [
            _problem(parsed, name, f'there is no MCP server "{slug}" to assign it to; '
                     "make one, or correct the name")
            for slug in each.servers if slug not in known
        ]  # fmt: skip
        wanted.append(replace(each, servers=tuple(s for s in each.servers if s in known)))
    return replace(_with(parsed, problems), wanted=tuple(wanted))


def _problem(parsed: Parsed, name: str, message: str) -> Problem:
    return Problem(f"{WALKTHROUGHS}/{parsed.folders[name]}/{MANIFEST}", 1, message)


def _with(parsed: Parsed, problems: list[Problem]) -> Parsed:
    return replace(parsed, problems=in_file_order([*parsed.problems, *problems]))


def in_file_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return the problems by file, then by line."""
    return tuple(sorted(problems, key=lambda problem: (problem.path, problem.line)))
