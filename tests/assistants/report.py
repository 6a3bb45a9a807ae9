"""Writes docs/assistants.md from what the tests measured."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from string import Template
from typing import Any

from tests.assistants.assistant import Assistant
from tests.assistants.clients import ASSISTANTS, SIGNING_IN

_TEMPLATE = Path(__file__).with_name("page.md")
#: The tables of the page: the heading of each column, and the findings that fill it.
_TABLES = {
    "results": {
        "the model gets": "{parts}",
        "around a text": "{frame}",
        "whole up to": "{whole} KiB",
        "left of 64 KiB": "{cut}",
        "left without our mark": "{cut_unmarked}",
        "shortened later": "{later}",
    },
    "servers": {
        "instructions": "{instructions}",
        "marked tools": "{marked}",
        "other tools": "{unmarked}",
        "titles, hints": "{hints}",
        "left out of schemas": "{lost}",
    },
    "behaviour": {
        "calls held back": "{hurried}",
        "shortest time for a step": "{per_step:.1f} s",
        "in an outage, our words after": "{outage:.2f} s",
        "around an error": "{error}",
    },
    "sign_ins": {
        "version": "{version}",
        "registration": "{registration}",
        "requests, in order": "{requests}",
        "a token that has ended": "{renewal}",
        "a late 401": "{late}",
    },
}


class Findings:
    """What was measured of each assistant."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Any]] = defaultdict(dict)

    def note(self, assistant: Assistant, **facts: object) -> None:
        """Keep facts of one assistant."""
        self._of[assistant.slug] |= facts

    def write_page(self, path: Path) -> str:
        """Write the page if every assistant was measured in full; return what to tell."""
        try:
            tables = {name: self._table(columns) for name, columns in _TABLES.items()}
        except KeyError as missing:
            return f"{path.name} was not written: {missing} was not measured for every assistant."
        names = "\n".join(f"- {a.name} {a.version} (`{a.package}`)" for a in ASSISTANTS)
        path.write_text(Template(_TEMPLATE.read_text()).substitute(tables, assistants=names))
        return f"{path.name} was written."

    def _table(self, columns: dict[str, str]) -> str:
        lines = [["assistant", *columns], ["---"] * (len(columns) + 1)]
        for assistant in SIGNING_IN if columns is _TABLES["sign_ins"] else ASSISTANTS:
            facts = self._of[assistant.slug]
            lines.append([assistant.name, *(cell.format(**facts) for cell in columns.values())])
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
