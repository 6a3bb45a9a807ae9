"""Carry a plan out, in transactions that are whole by themselves."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sync.batches import WithTexts, in_batches
from sync.early_import import LEAST, EarlyImport
from sync.fence import Fence
from sync.format.parse_result import WantedWalkthrough
from sync.planning.current import read_servers
from sync.planning.plan import Archive, Change, Create, Update, group_by_moves
from sync.staging import Staging
from walkthroughs.audit.record import act_as, git_actor
from walkthroughs.content.values import AuthoredWalkthrough, Outline
from walkthroughs.database.pool import Database
from walkthroughs.publishing import assignments, create, writer
from walkthroughs.publishing.create import NewWalkthrough, Prepared
from walkthroughs.publishing.origin import Origin
from walkthroughs.publishing.pictures import store_pictures
from walkthroughs.publishing.predecessors import predecessors

R = TypeVar("R")
#: An MCP server's slug, and the row id of a walkthrough that asks to be on it.
Assignment = tuple[str, str]
#: Serialization failure, deadlock: PostgreSQL asks to try again.
_RETRYABLE = ("40001", "40P01")
_PAUSES = (0.05, 0.2)
# As where places are stored: learners see no difference, so `updated_at` stays.
_FORGET_TREES = text(
    "UPDATE walkthroughs SET git_tree = NULL WHERE organization_id = :owner AND id = ANY (:ids)"
)


@dataclass(frozen=True, slots=True)
class _Batch:
    """New walkthroughs, their rows, and those of them that have pictures."""

    wanted: Sequence[WantedWalkthrough]
    rows: Prepared
    with_pictures: Sequence[WantedWalkthrough]


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

    @contextmanager
    def early_import(self) -> Iterator[EarlyImport[_Batch]]:
        """Yield what stores new walkthroughs before their plan is known, for `write` to keep."""
        early = EarlyImport(self._bulk_transaction, self._prepare, self._store)
        try:
            yield early
        finally:
            early.close()

    def write(
        self, changes: Sequence[Change], early: EarlyImport[_Batch], read: Container[str]
    ) -> None:
        """Write *changes*; *read* are the author's ids that need not be read again as they are.

        Each transaction is whole by itself, so that a run may be cut short. It is one walkthrough;
        or those that a step moves between, so that no learner sees it in both or in neither; or
        some new ones, which no learner has seen yet. What *early* has stored is one, too.
        """
        new: list[Create] = []
        others: list[list[Change]] = []
        for group in group_by_moves(changes):
            made = [change for change in group if isinstance(change, Create)]
            if len(made) == len(group):
                new += made
            else:
                others.append(group)
        row_ids = early.row_ids(new)
        for group in others:
            _retried(partial(self._write_group, group))
        left = [change for change in new if change.wanted.staged_at not in row_ids]
        if row_ids or len(new) > LEAST:
            for batch in in_batches(map(self._with_texts, left)):
                _retried(partial(self._create_batch, batch))
            stored = [each.wanted for each in new if each.wanted.staged_at in row_ids]
            early.commit(partial(self._finish, stored, row_ids, read))
        else:
            _retried(partial(self._write_group, left))

    def _create_batch(self, new: Sequence[WithTexts]) -> None:
        with self._bulk_transaction() as session:
            row_ids = self._create(session, new)
            self._assign(session, _assignments((each.wanted for each in new), row_ids))

    def _finish(
        self,
        stored: Sequence[WantedWalkthrough],
        row_ids: Mapping[int, str],
        read: Container[str],
        session: Session,
    ) -> None:
        """Do what the plan says beyond storing them, in their transaction."""
        again = [row_ids[each.staged_at] for each in stored if each.outline.id not in read]
        if again:
            session.execute(_FORGET_TREES, {"owner": self.organization_id, "ids": again})
        self._assign(session, _assignments(stored, row_ids))

    def _write_group(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        with self._transaction() as session:
            new = [change for change in changes if isinstance(change, Create)]
            row_ids: dict[int, str] = {}
            for batch in in_batches(map(self._with_texts, new)):
                row_ids |= self._create(session, batch)
            wanted = _assignments((change.wanted for change in new), row_ids)
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

    @contextmanager
    def _bulk_transaction(self) -> Iterator[Session]:
        with self._transaction() as session:
            # The commit that notes the run as done waits for the disk, for these as well.
            session.execute(text("SET LOCAL synchronous_commit TO OFF"))
            # Plans of the checks of keys are kept, and those of small tables would read them
            # whole for each row once they are large.
            session.execute(text("SET LOCAL enable_seqscan TO OFF"))
            yield session

    def _create(self, session: Session, new: Sequence[WithTexts]) -> dict[int, str]:
        """Store new walkthroughs; return their row ids, by `staged_at`."""
        find_predecessors = partial(predecessors, session, self.organization_id, origin=self.origin)
        return self._store(session, self._prepare(new, find_predecessors))

    def _with_texts(self, change: Create) -> WithTexts:
        authored = self._authored(change.wanted)
        return WithTexts(change.wanted, authored.content, bool(authored.pictures))

    def _prepare(
        self,
        new: Sequence[WithTexts],
        find_predecessors: Callable[[Outline], dict[str, list[str]]] = lambda _: {},
    ) -> _Batch:
        """Make the rows of new walkthroughs; no step moved in, but for *find_predecessors*."""
        return _Batch(
            [each.wanted for each in new],
            create.prepare(
                self.organization_id,
                list(map(_new_walkthrough, new)),
                self.origin,
                find_predecessors,
            ),
            [each.wanted for each in new if each.has_pictures],
        )

    def _store(self, session: Session, batch: _Batch) -> dict[int, str]:
        outcomes = create.store(session, batch.rows)
        row_ids = {
            each.staged_at: outcome.walkthrough_id
            for outcome, each in zip(outcomes, batch.wanted, strict=True)
        }
        for each in batch.with_pictures:
            # Read again, so that memory holds the pictures of one walkthrough at a time.
            pictures = self._authored(each).pictures
            store_pictures(session, self.organization_id, row_ids[each.staged_at], pictures)
        return row_ids

    def _update(self, session: Session, change: Update) -> list[Assignment]:
        row_id = change.live.walkthrough_id
        authored = self._authored(change.wanted)
        writer.publish(
            session,
            self.organization_id,
            row_id,
            authored.content,
            self.origin,
            is_published=change.wanted.is_published,
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


def _new_walkthrough(new: WithTexts) -> NewWalkthrough:
    folder, tree = new.place or (None, None)
    return NewWalkthrough(new.content, new.wanted.outline, new.wanted.is_published, folder, tree)


def _assignments(new: Iterable[WantedWalkthrough], row_ids: Mapping[int, str]) -> list[Assignment]:
    return [(slug, row_ids[wanted.staged_at]) for wanted in new for slug in wanted.servers]


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
