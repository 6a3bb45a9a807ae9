"""Where a source is: in sync or not, apart from whether it is well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from sync.names import WALKTHROUGHS
from sync.plan_report import agreeing
from walkthroughs.db import Database
from walkthroughs.models import ContentSource, SyncRun, Walkthrough

_RUNS_SHOWN = 5


class Sync(StrEnum):
    """Whether what is live is what the branch says."""

    SYNCED = "synced"
    OUT_OF_SYNC = "out of sync"
    UNKNOWN = "unknown"


class Health(StrEnum):
    """Whether somebody has to do something."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"  # a problem in the content; the rest is live
    WAITING = "waiting for a confirmation"
    HELD = "held"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Item:
    """A walkthrough of the source.

    Attributes:
        version: the live one; none if it is still to be made.
        pending: what the newest commit would change and nobody applied: a level, `create`,
            `show`, `assign` or `archive`; none if nothing.
        problems: mistakes in its folder, which keep the last good version live.
    """

    id: str
    version: int | None
    is_published: bool
    pending: str | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """A source, its walkthroughs and its last runs, as people ask for them."""

    source: ContentSource
    sync: Sync
    health: Health
    walkthroughs: tuple[Item, ...]
    runs: tuple[SyncRun, ...]


def judge(source: ContentSource) -> tuple[Sync, Health]:
    """Return the two states of *source*. Pure."""
    if source.trouble:
        return Sync.UNKNOWN, Health.UNREACHABLE
    if source.wanted_commit is None:
        return Sync.UNKNOWN, Health.HEALTHY
    same = source.wanted_commit == source.synced_commit
    sync = Sync.SYNCED if same and source.waiting is None else Sync.OUT_OF_SYNC
    if source.waiting is not None:
        return sync, Health.WAITING
    if source.held_at is not None:
        return sync, Health.HELD
    return sync, Health.DEGRADED if source.problems else Health.HEALTHY


def read_status(database: Database, source: ContentSource) -> Status:
    """Return the status of *source*."""
    owner = source.organization_id
    with database.transaction() as session:
        walkthroughs = session.scalars(
            select(Walkthrough)
            .where(
                Walkthrough.organization_id == owner,
                Walkthrough.source_id == source.id,
                Walkthrough.archived_at.is_(None),
            )
            .order_by(Walkthrough.external_id)
        ).all()
        runs = session.scalars(
            select(SyncRun)
            .where(SyncRun.organization_id == owner, SyncRun.source_id == source.id)
            .order_by(SyncRun.started_at.desc())
            .limit(_RUNS_SHOWN)
        ).all()
    return Status(source, *judge(source), _items(source, walkthroughs), tuple(runs))


def _items(source: ContentSource, rows: Sequence[Walkthrough]) -> tuple[Item, ...]:
    """Put versions, pending changes and problems together, by the author's id."""
    pending = {each["id"]: each["change"] for each in source.pending}
    problems: defaultdict[str | None, list[str]] = defaultdict(list)
    for each in source.problems:
        folder = str(each["path"]).removeprefix(f"{WALKTHROUGHS}/").split("/")[0]
        problems[folder].append(f"{each['path']}:{each['line']}: {each['message']}")
    live = {row.external_id: row for row in rows}
    return tuple(
        Item(
            id=name,
            version=row.version if row else None,
            is_published=row is not None and row.is_published,
            pending=pending.get(name),
            problems=tuple(problems[row.folder]) if row else (),
        )
        for name in sorted(live.keys() | pending.keys())
        for row in [live.get(name)]
    )


def as_facts(status: Status) -> dict[str, Any]:
    """Return the status for programs."""
    source = status.source
    return {
        "source": source.name,
        "sync": status.sync.value,
        "health": status.health.value,
        "wanted_commit": source.wanted_commit,
        "synced_commit": source.synced_commit,
        "checked_at": source.checked_at,
        "trouble": source.trouble,
        "waiting": source.waiting,
        "problems": source.problems,
        "walkthroughs": [
            {
                "id": each.id,
                "version": each.version,
                "published": each.is_published,
                "pending": each.pending,
                "problems": list(each.problems),
            }
            for each in status.walkthroughs
        ],
        "runs": [
            {
                "commit": run.git_commit,
                "trigger": run.trigger,
                "actor": run.actor,
                "outcome": run.outcome.value,
                "started_at": run.started_at,
                "milliseconds": run.finished_at - run.started_at,
                "changes": run.changes,
                "problems": run.problem_count,
                "message": run.message,
            }
            for run in status.runs
        ],
    }


def as_text(status: Status) -> str:
    """Return the status for people."""
    source = status.source
    lines = [
        f"{source.name}: {status.sync}, {status.health}",
        f"  wanted {_short(source.wanted_commit)}, applied {_short(source.synced_commit)}, "
        f"{sum(each.version is not None for each in status.walkthroughs)} walkthrough(s)",
    ]
    lines += [f"  trouble: {source.trouble}"] if source.trouble else []
    if source.waiting:
        reasons = source.waiting["reasons"]
        lines += [f"  waits: {reason}" for reason in reasons] if isinstance(reasons, list) else []
        fingerprint, to = source.waiting["fingerprint"], source.waiting.get("to")
        command = agreeing(source.name, str(fingerprint), str(to) if to else None)
        lines.append(f"  agree with: {command}")
    lines += [f"  problem: {p['path']}:{p['line']}: {p['message']}" for p in source.problems]
    lines += [f"  {_item(each)}" for each in status.walkthroughs]
    lines += [f"  {_run(run)}" for run in status.runs]
    return "\n".join(lines)


def _item(item: Item) -> str:
    facts = [
        f"version {item.version}" if item.version else "new",
        "published" if item.is_published else "draft",
        *([f"pending: {item.pending}"] if item.pending else []),
        *([f"{len(item.problems)} problem(s)"] if item.problems else []),
    ]
    return f"{item.id}: {', '.join(facts)}"


def _run(run: SyncRun) -> str:
    when = datetime.fromtimestamp(run.started_at / 1000, UTC)
    took = run.finished_at - run.started_at
    said = run.message or f"{len(run.changes)} change(s), {run.problem_count} problem(s)"
    who = f" by {run.actor}" if run.actor else ""
    return (
        f"{when:%Y-%m-%d %H:%M:%S} {run.outcome} {_short(run.git_commit)} "
        f"({run.trigger}{who}, {took} ms): {said}"
    )


def _short(commit: str | None) -> str:
    return commit[:10] if commit else "nothing"
