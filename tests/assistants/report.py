"""Writes docs/assistants.md from what the tests measured."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from string import Template
from typing import Any

from tests.assistants.assistant import Assistant
from tests.assistants.clients import ASSISTANTS

_TEMPLATE = Path(__file__).with_name("page.md")
#: The rows of the tables: what is asked, and which finding answers it.
_PARTS = {
    "of a result with text, structured content and `_meta` the model gets": "{parts}",
    "around a text": "{frame}",
    "around the text of an error": "{error}",
    "longest text that arrives whole": "{whole} of 64 KiB",
    "what is left of 64 KiB": "{cut}",
    "the same without our mark on the tool": "{cut_unmarked}",
    "long results are shortened later": "{later}",
    "the server's `instructions`": "{instructions}",
    "tools marked to be always loaded": "{marked}",
    "other tools": "{unmarked}",
    "titles and hints that the model gets": "{hints}",
    "left out of the arguments' schema": "{lost}",
}
_BEHAVIOUR = {
    "calls that were held back": "{hurried}",
    "shortest time for a step": "{per_step:.1f} s",
    "our words in an outage arrive after": "{outage:.1f} s",
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
            page = Template(_TEMPLATE.read_text()).substitute(
                versions="\n".join(f"- {a.name} {a.version} (`{a.package}`)" for a in ASSISTANTS),
                parts=self._table(_PARTS),
                behaviour=self._table(_BEHAVIOUR),
            )
        except KeyError as missing:
            return f"{path.name} was not written: {missing} was not measured for every assistant."
        path.write_text(page)
        return f"{path.name} was written."

    def _table(self, rows: dict[str, str]) -> str:
        names = [assistant.name for assistant in ASSISTANTS]
        lines = [["", *names], ["---"] * (len(names) + 1)]
        lines += [
            [what, *(answer.format(**self._of[assistant.slug]) for assistant in ASSISTANTS)]
            for what, answer in rows.items()
        ]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
