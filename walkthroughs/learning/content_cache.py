"""Cache published versions in memory.

A version never changes while its database lives. After a restore from a backup, the same number
may stand for another content, or for the same in new rows: `DIGEST` tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from sys import getsizeof
from threading import Lock
from typing import Any

from cachetools import LRUCache
from sqlalchemy import text
from sqlalchemy.engine import Connection, Row

from walkthroughs.content.pictures import pictures_named
from walkthroughs.learning.position import StepRef
from walkthroughs.learning.views import StepBody, StepLine, WalkthroughRef
from walkthroughs.learning.visibility import DIGEST

#: Bytes of memory for the texts that a cache keeps. A usual walkthrough takes 40,000; the largest,
#: of 32 million characters, takes four for each if there is an emoji in every step.
MAX_BYTES = 160 * 1024 * 1024
#: Whose newest version is remembered: a key each.
_MAX_LATEST = 20_000
#: Readers of one walkthrough take turns. Two walkthroughs may share a lock, which does no harm.
_LOCKS = 64

_LIVE = text(
    f"""
    SELECT w.title AS walkthrough_title, w.version, {DIGEST} AS digest,
           s.id, s.title, s.section_title, s.content,
           s.agent_instructions, s.verify, s.external_id, s.predecessor_ids
      FROM walkthroughs w
      JOIN walkthrough_steps s ON s.organization_id = w.organization_id
       AND s.walkthrough_id = w.id AND s.archived_at IS NULL
     WHERE w.organization_id = :organization_id AND w.id = :walkthrough_id
     ORDER BY s.display_order
    """  # noqa: S608  a constant
)


@dataclass(frozen=True)
class PublishedVersion:
    """One version of a walkthrough as it is taught. *digest* is what `DIGEST` said of it."""

    ref: WalkthroughRef
    digest: str
    steps: tuple[StepBody, ...]
    step_refs: tuple[StepRef, ...]

    @cached_property
    def by_id(self) -> dict[str, StepBody]:
        """Return the steps by row id."""
        return {step.id: step for step in self.steps}

    @cached_property
    def step_ids(self) -> frozenset[str]:
        """Return the row ids of the steps."""
        return frozenset(self.by_id)

    @cached_property
    def predecessor_ids(self) -> list[str]:
        """Return the row ids that steps had before they moved in from other walkthroughs."""
        return sorted(set[str]().union(*(step.predecessor_ids for step in self.step_refs)))

    @cached_property
    def with_pictures(self) -> frozenset[str]:
        """Return the row ids of the steps whose texts name pictures."""
        return frozenset(
            step.id
            for step in self.steps
            if pictures_named((step.content, step.agent_instructions, step.verify))
        )

    @cached_property
    def open_lines(self) -> tuple[StepLine, ...]:
        """Return the steps as the status shows those that are not completed."""
        return tuple(
            StepLine(step.id, step.title, step.section, step.position, False, False)
            for step in self.steps
        )

    @cached_property
    def done_lines(self) -> tuple[StepLine, ...]:
        """Return the steps as the status shows those that are completed."""
        return tuple(replace(line, completed=True) for line in self.open_lines)

    @property
    def size(self) -> int:
        """Return how many bytes its texts take, with a little for each step."""
        return sum(
            2_000  # its titles, ids and lines
            + getsizeof(step.content)
            + getsizeof(step.agent_instructions or "")
            + getsizeof(step.verify or "")
            for step in self.steps
        )


class ContentCache:
    """The versions this process has read lately. Safe to share between threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._lock = Lock()
        self._kept: LRUCache[tuple[str, int, str], PublishedVersion] = LRUCache(
            max_bytes, getsizeof=lambda version: version.size
        )
        self._latest: LRUCache[str, tuple[str, int, str]] = LRUCache(_MAX_LATEST)
        self._turns = tuple(Lock() for _ in range(_LOCKS))

    def get(self, walkthrough_id: str, version: int, digest: str) -> PublishedVersion | None:
        """Return that version with that `DIGEST`, if it was read before.

        After a restore of the database, a version may come again with other content or rows.
        """
        with self._lock:
            return self._kept.get((walkthrough_id, version, digest))

    def latest(self, walkthrough_id: str) -> PublishedVersion | None:
        """Return the version that was read last, if any was. Ask the database if it is live."""
        with self._lock:
            key = self._latest.get(walkthrough_id)
            return self._kept.get(key) if key else None

    def load(
        self,
        connection: Connection,
        organization_id: str,
        walkthrough_id: str,
        version: int,
        digest: str,
    ) -> PublishedVersion | None:
        """Return that version from memory; else read what is live, which may be newer.

        Of those who ask for one version at once, one reads it and the others wait. None if the
        walkthrough has no steps.
        """
        if (kept := self.get(walkthrough_id, version, digest)) is not None:
            return kept
        with self._turns[hash(walkthrough_id) % _LOCKS]:
            kept = self.get(walkthrough_id, version, digest)
            return kept or self._read(connection, organization_id, walkthrough_id)

    def _read(
        self, connection: Connection, organization_id: str, walkthrough_id: str
    ) -> PublishedVersion | None:
        """Read the live version in one snapshot and keep it; none if it has no steps."""
        rows = connection.execute(
            _LIVE, {"organization_id": organization_id, "walkthrough_id": walkthrough_id}
        ).all()
        if not rows:
            return None
        published = _published_version(walkthrough_id, rows)
        key = walkthrough_id, published.ref.version, published.digest
        with self._lock, suppress(ValueError):  # larger than the whole cache
            self._kept[key] = published
            self._latest[walkthrough_id] = key
        return published


def _published_version(walkthrough_id: str, rows: Sequence[Row[Any]]) -> PublishedVersion:
    return PublishedVersion(
        ref=WalkthroughRef(walkthrough_id, rows[0].walkthrough_title, rows[0].version),
        digest=rows[0].digest,
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
