"""Refuse ids that other sources own, and servers that do not exist."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sync.format.parse_result import ParseResult, in_file_order
from sync.layout import MANIFEST, WALKTHROUGHS
from walkthroughs.content.problems import Problem


def refuse_owned_by_others(parsed: ParseResult, owned_by_others: Mapping[str, str]) -> ParseResult:
    """Return *parsed* without the ids that other sources own (id -> source), which are problems."""
    problems = [
        _problem(parsed, name, f'the id "{name}" belongs to the content source "{source}"; '
                 "choose another")
        for name, source in owned_by_others.items()
    ]  # fmt: skip
    return replace(
        _with(parsed, problems),
        wanted=tuple(each for each in parsed.wanted if each.outline.id not in owned_by_others),
        unreadable=parsed.unreadable | owned_by_others.keys(),
        folders={name: at for name, at in parsed.folders.items() if name not in owned_by_others},
    )


def refuse_unknown_servers(parsed: ParseResult, known: Collection[str]) -> ParseResult:
    """Return *parsed* without the servers that are not *known*, which are problems.

    All else of such a walkthrough is wanted as it is.
    """
    problems, wanted = [], []
    for each in parsed.wanted:
        name = each.outline.id
        problems += [
            _problem(parsed, name, f'there is no MCP server "{slug}" to assign it to; '
                     "make one, or correct the name", each.servers_line)
            for slug in each.servers if slug not in known
        ]  # fmt: skip
        wanted.append(replace(each, servers=tuple(s for s in each.servers if s in known)))
    return replace(_with(parsed, problems), wanted=tuple(wanted))


def _problem(parsed: ParseResult, name: str, message: str, line: int = 1) -> Problem:
    return Problem(f"{WALKTHROUGHS}/{parsed.folders[name]}/{MANIFEST}", line, message)


def _with(parsed: ParseResult, problems: list[Problem]) -> ParseResult:
    return replace(parsed, problems=in_file_order([*parsed.problems, *problems]))
