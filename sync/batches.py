"""New walkthroughs that are stored at once: so many, and with so much text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sync.format.parse_result import WantedWalkthrough
from sync.planning.plan import FolderTree
from walkthroughs.content.values import WalkthroughContent

#: Walkthroughs in a batch: more gain little.
MOST = 100
#: Characters in a batch, or those of one walkthrough: memory holds three batches at a time, as
#: texts or as rows, and a small repository can hold much text.
_MOST_CHARACTERS = 3 * 512 * 1024


@dataclass(frozen=True, slots=True)
class WithTexts:
    """A new walkthrough and its texts.

    Attributes:
        has_pictures: they are where `wanted.staged_at` leads.
        place: where it was read, if it need not be read again while that stays as it is.
    """

    wanted: WantedWalkthrough
    content: WalkthroughContent
    has_pictures: bool = False
    place: FolderTree | None = None


class Batch:
    """Walkthroughs that are gathered until there are enough of them."""

    def __init__(self) -> None:
        self.items: list[WithTexts] = []
        self._characters = 0

    def add(self, item: WithTexts) -> None:
        """Take one more."""
        self.items.append(item)
        self._characters += _characters(item.content)

    def is_full(self, most: int = MOST) -> bool:
        """Return whether *most* are in it, or as many as memory should hold."""
        return len(self.items) >= most or self._characters >= _MOST_CHARACTERS


def in_batches(items: Iterable[WithTexts]) -> Iterator[list[WithTexts]]:
    """Yield all of *items*, in order; no more of them are taken than a batch holds."""
    batch = Batch()
    for item in items:
        batch.add(item)
        if batch.is_full():
            yield batch.items
            batch = Batch()
    if batch.items:
        yield batch.items


def _characters(content: WalkthroughContent) -> int:
    texts = [content.description]
    for step in content.steps:
        texts += (step.content, step.agent_instructions, step.verify)
    return sum(len(each) for each in texts if each)
