"""A plan as JSON and as lines: the same on the command line, over HTTP and in an author's CI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sync.planning.plan import Archive, Change, ChangeKind, Create, Plan, Update
from walkthroughs.content.wording import first_names
from walkthroughs.enums import RunOutcome


def describe(change: Change) -> str:
    """Return one line for people."""
    match change:
        case Create(wanted):
            return f"create   {wanted.outline.id}  ({len(wanted.outline.steps)} steps)"
        case Update(live, wanted, level, summary):
            name = live.outline.id
            if level:
                return f"update   {name}  {live.version} -> {live.version + 1}  {summary}"
            if change.kind is ChangeKind.ASSIGN:
                return f"assign   {name}  (to {first_names(change.new_servers)})"
            return f"show     {name}  ({'published' if wanted.is_published else 'draft'})"
        case Archive(live):
            return f"archive  {live.outline.id}"


#: What a plan says in lists of lines.
PLAN_LISTS = ("changes", "impact", "problems", "approval_reasons")


def plan_facts(
    source: str, plan: Plan, *, outcome: RunOutcome | None = None, rollback_to: str | None = None
) -> dict[str, Any]:
    """Return a plan for programs.

    Args:
        source: the content source's name.
        plan: what would change, or was changed. Its commit is left out if it has none.
        outcome: how it ended; none if it is only a plan.
        rollback_to: the older commit that a rollback goes to.
    """
    return {
        "source": source,
        **({"commit": plan.commit} if plan.commit is not None else {}),
        "fingerprint": plan.fingerprint,
        "changes": [describe(change) for change in plan.changes],
        "impact": list(plan.impact),
        "problems": [str(problem) for problem in plan.problems],
        "approval_reasons": list(plan.approval_reasons),
        "outcome": outcome,
        "to": rollback_to,
    }


def approve_command(source: str, fingerprint: str, to: str | None) -> str:
    """Return the command that approves a plan that waits."""
    words = f"rollback {source} {to[:10]}" if to else f"apply {source}"
    return f"flask sync {words} --approve {fingerprint}"


def plan_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what `plan_facts` returned, for people."""
    name, commit = facts["source"], facts.get("commit")
    at = f" at {commit[:10]}" if commit else ""
    yield f"{name}{at}: {len(facts['changes'])} change(s)"
    for line in (*facts["changes"], *facts["impact"]):
        yield f"  {line}"
    for problem in facts["problems"]:
        yield f"  problem: {problem}"
    for reason in facts["approval_reasons"]:
        yield f"  waits: {reason}"
    if facts["approval_reasons"] and facts["fingerprint"] and facts["outcome"] != "applied":
        yield f"  approve with: {approve_command(name, facts['fingerprint'], facts.get('to'))}"
