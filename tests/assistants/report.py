"""Writes docs/assistants.md from what the tests measured."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.assistants.clients import Assistant


class Findings:
    """What was measured of each assistant."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Any]] = defaultdict(dict)

    def note(self, assistant: Assistant, **facts: object) -> None:
        """Keep facts of one assistant."""
        self._of[assistant.slug] |= facts

    def write_page(self, path: Path) -> str:
        """Write the page if every assistant was measured in full; return what to tell."""
        return f"{dict(self._of)}"
