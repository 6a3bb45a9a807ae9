"""Carry a plan out, in transactions that are whole by themselves."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sync.fence import Fence
from sync.format.parse_result import WantedWalkthrough
from sync.planning.current import read_servers
from sync.planning.plan import Archive, Change, Create, Update
from sync.staging import Staging
from walkthroughs.audit.record import act_as, git_actor
from walkthroughs.content.values import AuthoredWalkthrough
from walkthroughs.database.pool import Database
from walkthroughs.publishing import assignments, create, writer
from walkthroughs.publishing.create import NewWalkthrough
from walkthroughs.publishing.origin import Origin
from walkthroughs.publishing.pictures import store_pictures

R = TypeVar("R")
#: An MCP server's slug, and the row id of a walkthrough that asks to be on it.
Assignment = tuple[str, str]
#: Serialization failure, deadlock: PostgreSQL asks to try again.
_RETRYABLE = ("40001", "40P01")
_PAUSES = (0.05, 0.2)
#: New walkthroughs per transaction. Batches are ten times faster; no learner waits for these.
_BATCH_SIZE = 25
#: So many of those transactions at once: storing keeps one processor of the server busy.
_PARALLEL_BATCHES = 2


@dataclass(frozen=True, slots=True)
class PlanWriter:
    """Writes the changes of a plan.

    Attributes:
        database: where to.
        organization_id: whose walkthroughs.
        origin: of which source and commit.
        staging: where the texts and pictures of what is wanted are.
        fence: the number of this run; with it, each transaction checks that it may write.
    """

    database: Database
    organization_id: str
    origin: Origin
    staging: Staging
    fence: Fence

    def write(self, changes: Sequence[Change]) -> None:
        """Write *changes*; each transaction is whole by itself, so that a run may be cut short.

        A transaction is one walkthrough; or those that a step moves between, so that
        no learner sees it in both or in neither; or some new ones, which no learner has seen yet.
        """
        new: list[Create] = []
        for group in _group_by_moves(changes):
            made = [change for change in group if isinstance(change, Create)]
            if len(made) == len(group):
                new += made
            else:
                _retried(partial(self._write_group, group))
        if len(new) <= _BATCH_SIZE:
            _retried(partial(self._write_group, new))
        else:
            self._import(new)

    def _import(self, new: Sequence[Create]) -> None:
        """Store many new walkthroughs; assign them last, in order."""
        batches = [new[at : at + _BATCH_SIZE] for at in range(0, len(new), _BATCH_SIZE)]
        made = self._create_batch(batches[0])
        self._update_statistics()
        with ThreadPoolExecutor(_PARALLEL_BATCHES) as pool:
            for more in pool.map(self._create_batch, batches[1:]):
                made += more
        with self._transaction() as session:
            self._assign(session, made)

    def _create_batch(self, new: Sequence[Create]) -> list[Assignment]:
        def work() -> list[Assignment]:
            with self._transaction() as session:
                # The commit that notes the run as done waits for the disk, for these as well.
                session.execute(text("SET LOCAL synchronous_commit TO OFF"))
                # Plans of the checks of keys are kept, and those of small tables would read them
                # whole for each row once they are large.
                session.execute(text("SET LOCAL enable_seqscan TO OFF"))
                return self._create(session, new)

        return _retried(work)

    def _update_statistics(self) -> None:
        """Let PostgreSQL count rows in the middle of an import.

        What it plans for tables that it takes to be empty makes the checks of
        foreign keys read all of a walkthrough's neighbours for each step.
        """
        with self.database.transaction() as session:
            session.execute(text("ANALYZE walkthroughs, walkthrough_steps"))

    def _write_group(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        with self._transaction() as session:
            new = [change for change in changes if isinstance(change, Create)]
            wanted = self._create(session, new)
            for change in changes:
                if isinstance(change, Update):
                    wanted += self._update(session, change)
                elif isinstance(change, Archive):
                    row_id = change.live.walkthrough_id
                    writer.archive(session, self.organization_id, row_id, self.origin)
            self._assign(session, wanted)

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with self.database.transaction() as session:
            self.fence.check(session)
            act_as(session, git_actor(self.origin.source_name or self.origin.source_id or ""))
            yield session

    def _create(self, session: Session, new: Sequence[Create]) -> list[Assignment]:
        wanted = [change.wanted for change in new]
        rows, with_pictures = [], set[int]()
        for each in wanted:
            authored = self._authored(each)
            rows.append(NewWalkthrough(authored.content, each.outline, each.is_published))
            if authored.pictures:
                with_pictures.add(each.staged_at)
        made = create.create_all(session, self.organization_id, rows, self.origin)
        for outcome, each in zip(made, wanted, strict=True):
            if each.staged_at in with_pictures:
                # Read again, so that memory holds the pictures of one walkthrough at a time.
                pictures = self._authored(each).pictures
                store_pictures(session, self.organization_id, outcome.walkthrough_id, pictures)
        return [
            (slug, outcome.walkthrough_id)
            for outcome, each in zip(made, wanted, strict=True)
            for slug in each.servers
        ]

    def _update(self, session: Session, change: Update) -> list[Assignment]:
        row_id = change.live.walkthrough_id
        authored = self._authored(change.wanted)
        published = change.wanted.is_published
        writer.publish(
            session,
            self.organization_id,
            row_id,
            authored.content,
            self.origin,
            is_published=published,
        )
        store_pictures(session, self.organization_id, row_id, authored.pictures)
        return [(slug, row_id) for slug in change.new_servers]

    def _authored(self, wanted: WantedWalkthrough) -> AuthoredWalkthrough:
        authored = self.staging.read(wanted.staged_at)
        # The outline has the moved steps that other walkthroughs of the commit record.
        return replace(authored, content=replace(authored.content, moved=wanted.outline.moved))

    def _assign(self, session: Session, wanted: Sequence[Assignment]) -> None:
        ids: defaultdict[str, list[str]] = defaultdict(list)
        for slug, walkthrough_id in wanted:
            ids[slug].append(walkthrough_id)
        servers = read_servers(session, self.organization_id, ids) if ids else {}
        for slug in ids.keys() & servers.keys():  # one may be removed since the plan was made
            assignments.assign(
                session, self.organization_id, servers[slug], ids[slug], is_from_git=True
            )


def _group_by_moves(changes: Sequence[Change]) -> list[list[Change]]:
    """Put the changes together that exchange steps, directly or through others."""
    group_of = {_name(change): [change] for change in changes}
    for change in changes:
        for other in _takes_from(change):
            mine, theirs = group_of[_name(change)], group_of.get(other)
            if theirs is not None and theirs is not mine:
                mine += theirs
                group_of |= {_name(each): mine for each in theirs}
    groups: dict[int, list[Change]] = {id(group): group for group in group_of.values()}
    return list(groups.values())


def _name(change: Change) -> str:
    return (change.live if isinstance(change, Archive) else change.wanted).outline.id


def _takes_from(change: Change) -> Iterator[str]:
    """Yield the walkthroughs that *change* takes steps from."""
    if not isinstance(change, Archive):
        for move in change.wanted.outline.moved:
            if move.walkthrough is not None:
                yield from (walkthrough for walkthrough, _ in move.previous_names)


def _retried(work: Callable[[], R]) -> R:
    """Run a transaction; once more, twice at most, when others were in its way."""
    for pause in _PAUSES:
        try:
            return work()
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) not in _RETRYABLE:
                raise
            time.sleep(pause)
    return work()
