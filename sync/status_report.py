"""A source's status as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sync.planning.report import approve_command
from sync.status import Status, WalkthroughStatus
from walkthroughs.ids import utc_text
from walkthroughs.models import ContentSource, SyncRun


def as_json(status: Status, organization: str, name: str) -> dict[str, Any]:
    """Return the status for programs.

    Args:
        status: of a content source.
        organization: the slug of its organization.
        name: what commands call it.
    """
    source = status.source
    return {
        "id": source.id,
        "organization": organization,
        "source": source.name,
        "sync": status.sync.value,
        "health": status.health.value,
        "newest_commit": source.newest_commit,
        "synced_commit": source.synced_commit,
        "checked_at": source.checked_at,
        "error": source.error,
        "webhook_problem": _webhook_problem(status, name),
        "held": source.held_at
        and {"at": source.held_at, "by": source.held_by, "reason": source.held_reason},
        "awaiting_approval": source.awaiting_approval and asdict(source.awaiting_approval),
        "problems": [asdict(problem) for problem in source.problems],
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


def as_text(status: Status, name: str) -> str:
    """Return the status for people; *name* is what commands call the source."""
    source = status.source
    lines = [
        f"{name}: {status.sync}, {status.health}",
        f"  wanted {_short(source.newest_commit)}, applied {_short(source.synced_commit)}, "
        f"{sum(each.version is not None for each in status.walkthroughs)} walkthrough(s)",
    ]
    lines += [f"  error: {source.error}"] if source.error else []
    lines += [f"  webhook: {problem}"] if (problem := _webhook_problem(status, name)) else []
    lines += [f"  {held_words(source)}"] if source.held_at else []
    if waiting := source.awaiting_approval:
        lines += [f"  waits: {reason}" for reason in waiting.reasons]
        command = approve_command(name, waiting.fingerprint, waiting.to)
        lines.append(f"  approve with: {command}")
    lines += [f"  problem: {each}" for each in source.problems]
    lines += [f"  {_item(each)}" for each in status.walkthroughs]
    lines += [f"  {_run(run)}" for run in status.runs]
    return "\n".join(lines)


def held_words(source: ContentSource) -> str:
    """Return since when the source is held, by whom and why, as far as it is known."""
    by = f" by {source.held_by}" if source.held_by else ""
    why = f": {source.held_reason}" if source.held_reason else ""
    return f"held since {utc_text(source.held_at or 0)} UTC{by}{why}"


def _webhook_problem(status: Status, name: str) -> str | None:
    if not status.has_lost_webhook:
        return None
    return f"its secret cannot be read; make a new one: flask sync source webhook {name}"


def _item(item: WalkthroughStatus) -> str:
    facts = [
        f"version {item.version}" if item.version else "new",
        "published" if item.is_published else "draft",
        *([f"pending: {item.pending}"] if item.pending else []),
        *([f"{len(item.problems)} problem(s)"] if item.problems else []),
    ]
    return f"{item.id}: {', '.join(facts)}"


def _run(run: SyncRun) -> str:
    took = run.finished_at - run.started_at
    said = run.message or f"{len(run.changes)} change(s), {run.problem_count} problem(s)"
    who = f" by {run.actor}" if run.actor else ""
    return (
        f"{utc_text(run.started_at)} {run.outcome} {_short(run.git_commit)} "
        f"({run.trigger}{who}, {took} ms): {said}"
    )


def _short(commit: str | None) -> str:
    return commit[:10] if commit else "nothing"
