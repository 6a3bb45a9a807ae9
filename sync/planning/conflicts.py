"""Refuse ids that other sources own, and servers that do not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from sync.format.parse_result import MAX_PROBLEMS, ParseResult, in_file_order
from sync.layout import MANIFEST, WALKTHROUGHS
from walkthroughs.content.problems import Problem, add_first, first_of_each_kind


def refuse_owned_by_others(parsed: ParseResult, owned_by_others: Mapping[str, str]) -> ParseResult:
    """Return *parsed* without the ids that other sources own (id -> source), which are problems."""
    problems = (
        _problem(parsed, name, f'the id "{name}" belongs to the content source "{source}"; '
                 "choose another")
        for name, source in owned_by_others.items()
    )  # fmt: skip
    return replace(
        _with(parsed, problems),
        wanted=tuple(each for each in parsed.wanted if each.outline.id not in owned_by_others),
        unreadable=parsed.unreadable | owned_by_others.keys(),
        read_again=parsed.read_again | owned_by_others.keys(),
        folders={name: at for name, at in parsed.folders.items() if name not in owned_by_others},
    )


def refuse_unknown_servers(parsed: ParseResult, known: Collection[str]) -> ParseResult:
    """Return *parsed* without the servers that are not *known*, which are problems.

    All else of such a walkthrough is wanted as it is, and it is read again until they are there.
    """
    problems = (
        _problem(parsed, each.outline.id, f'there is no MCP server "{slug}" to assign it to; '
                 "make one, or correct the name", each.servers_line)
        for each in parsed.wanted for slug in each.servers if slug not in known
    )  # fmt: skip
    wanted = [
        replace(each, servers=tuple(slug for slug in each.servers if slug in known))
        for each in parsed.wanted
    ]
    faulty = {
        now.outline.id
        for now, before in zip(wanted, parsed.wanted, strict=True)
        if now.servers != before.servers
    }
    return replace(
        _with(parsed, problems), wanted=tuple(wanted), read_again=parsed.read_again | faulty
    )


def _problem(parsed: ParseResult, name: str, message: str, line: int = 1) -> Problem:
    return Problem(f"{WALKTHROUGHS}/{parsed.folders[name]}/{MANIFEST}", line, message)


def _with(parsed: ParseResult, problems: Iterable[Problem]) -> ParseResult:
    """Return *parsed* with the first of *problems*, however many there are, too."""
    found: list[Problem] = []
    add_first(found, problems, MAX_PROBLEMS)
    first, _ = first_of_each_kind(found, MAX_PROBLEMS)
    return replace(parsed, problems=in_file_order([*parsed.problems, *first]))
