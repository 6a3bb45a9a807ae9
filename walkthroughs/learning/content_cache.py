"""Cache published versions in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

from cachetools import LRUCache
from sqlalchemy import text
from sqlalchemy.engine import Connection, Row

from walkthroughs.learning.position import StepRef
from walkthroughs.learning.views import StepBody, WalkthroughRef

#: Versions kept in memory: at 64 KiB a step the largest walkthrough is 32 MiB, a usual one 40 kB.
_MAX_VERSIONS = 256

_LIVE = text(
    """
    SELECT w.title AS walkthrough_title, w.version, s.id, s.title, s.section_title, s.content,
           s.agent_instructions, s.verify, s.external_id, s.succeeds
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
    stops: tuple[StepRef, ...]

    @cached_property
    def by_id(self) -> dict[str, StepBody]:
        """Return the steps by row id."""
        return {step.id: step for step in self.steps}


class ContentCache:
    """The versions this process has read lately. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: LRUCache[tuple[str, int], PublishedVersion] = LRUCache(_MAX_VERSIONS)

    def get(self, walkthrough_id: str, version: int) -> PublishedVersion | None:
        """Return that version if it was read before."""
        with self._lock:
            return self._kept.get((walkthrough_id, version))

    def read(
        self, connection: Connection, organization_id: str, walkthrough_id: str
    ) -> PublishedVersion | None:
        """Read the live version in one snapshot and keep it; none if it has no steps."""
        rows = connection.execute(
            _LIVE, {"organization_id": organization_id, "walkthrough_id": walkthrough_id}
        ).all()
        if not rows:
            return None
        edition = _published_version(walkthrough_id, rows)
        with self._lock:
            self._kept[walkthrough_id, edition.ref.version] = edition
        return edition


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
        stops=tuple(StepRef(row.id, row.external_id, frozenset(row.succeeds)) for row in rows),
    )
