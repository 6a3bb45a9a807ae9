"""Cache published versions in memory.

A version never changes while its database lives. After a restore from a backup, the same number
may stand for another content: start the processes again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

from cachetools import LRUCache
from sqlalchemy import text
from sqlalchemy.engine import Connection, Row

from walkthroughs.content.pictures import pictures_named
from walkthroughs.learning.position import StepRef
from walkthroughs.learning.views import StepBody, WalkthroughRef

#: Characters of texts that a cache keeps. A usual walkthrough has 40,000, the largest 32 million.
MAX_CHARACTERS = 64 * 1024 * 1024

_LIVE = text(
    """
    SELECT w.title AS walkthrough_title, w.version, w.digest, s.id, s.title, s.section_title,
           s.content, s.agent_instructions, s.verify, s.external_id, s.predecessor_ids
      FROM walkthroughs w
      JOIN walkthrough_steps s ON s.organization_id = w.organization_id
       AND s.walkthrough_id = w.id AND s.archived_at IS NULL
     WHERE w.organization_id = :organization_id AND w.id = :walkthrough_id
     ORDER BY s.display_order
    """
)


@dataclass(frozen=True)
class PublishedVersion:
    """One version of a walkthrough as it is taught."""

    ref: WalkthroughRef
    steps: tuple[StepBody, ...]
    step_refs: tuple[StepRef, ...]

    @cached_property
    def by_id(self) -> dict[str, StepBody]:
        """Return the steps by row id."""
        return {step.id: step for step in self.steps}

    @cached_property
    def with_pictures(self) -> frozenset[str]:
        """Return the row ids of the steps whose texts name pictures."""
        return frozenset(
            step.id
            for step in self.steps
            if pictures_named((step.content, step.agent_instructions, step.verify))
        )

    @cached_property
    def step_ids(self) -> frozenset[str]:
        """Return the row ids of all steps."""
        return frozenset(step.id for step in self.steps)

    @property
    def characters(self) -> int:
        """Return how long its texts are, with a little for each step."""
        return sum(
            500 + len(step.content) + len(step.agent_instructions or "") + len(step.verify or "")
            for step in self.steps
        )


class ContentCache:
    """The versions this process has read lately. Safe to share between threads."""

    def __init__(self, max_characters: int = MAX_CHARACTERS) -> None:
        self._lock = Lock()
        self._kept: LRUCache[tuple[str, int, str], PublishedVersion] = LRUCache(
            max_characters, getsizeof=lambda version: version.characters
        )

    def get(self, walkthrough_id: str, version: int, digest: str) -> PublishedVersion | None:
        """Return that version with that digest of its content, if it was read before.

        After a restore of the database, a version may come again with other content.
        """
        with self._lock:
            return self._kept.get((walkthrough_id, version, digest))

    def read(
        self, connection: Connection, organization_id: str, walkthrough_id: str
    ) -> PublishedVersion | None:
        """Read the live version in one snapshot and keep it; none if it has no steps."""
        rows = connection.execute(
            _LIVE, {"organization_id": organization_id, "walkthrough_id": walkthrough_id}
        ).all()
        if not rows:
            return None
        version = _published_version(walkthrough_id, rows)
        with self._lock, suppress(ValueError):  # larger than the whole cache
            self._kept[walkthrough_id, version.ref.version, rows[0].digest] = version
        return version


def _published_version(walkthrough_id: str, rows: Sequence[Row[Any]]) -> PublishedVersion:
    return PublishedVersion(
        ref=WalkthroughRef(walkthrough_id, rows[0].walkthrough_title, rows[0].version),
        steps=tuple(
            StepBody(
                id=row.id,
                title=row.title,
                section=row.section_title,
                position=position,
                content=row.content,
                agent_instructions=row.agent_instructions,
                verify=row.verify,
            )
            for position, row in enumerate(rows, start=1)
        ),
        step_refs=tuple(
            StepRef(row.id, row.external_id, frozenset(row.predecessor_ids)) for row in rows
        ),
    )
