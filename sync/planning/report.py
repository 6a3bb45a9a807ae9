"""A plan as JSON and as lines: the same on the command line, over HTTP and in an author's CI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sync.planning.plan import Archive, Change, Create, Update
from walkthroughs.content.problems import Problem


def describe(change: Change) -> str:
    """Return one line for people."""
    match change:
        case Create(wanted):
            return f"create   {wanted.outline.id}  ({len(wanted.outline.steps)} steps)"
        case Update(live, wanted, level, summary):
            name = live.outline.id
            if level:
                return f"update   {name}  {live.version} -> {live.version + 1}  {summary}"
            if change.kind == "assign":
                return f"assign   {name}  (to {', '.join(change.new_servers)})"
            return f"show     {name}  ({'published' if wanted.is_published else 'draft'})"
        case Archive(live):
            return f"archive  {live.outline.id}"


def pending_change(change: Change) -> dict[str, str]:
    """Return the author's id, and what is to be done: `create`, `archive`, or an update's kind."""
    match change:
        case Create(wanted):
            return {"id": wanted.outline.id, "change": "create"}
        case Update(live):
            return {"id": live.outline.id, "change": change.kind}
        case Archive(live):
            return {"id": live.outline.id, "change": "archive"}


#: What a plan says in lists of lines.
PLAN_LISTS = ("changes", "effects", "problems", "waits")


def plan_facts(
    source: str,
    changes: Iterable[Change],
    effects: Iterable[str],
    problems: Iterable[Problem],
    waits: Iterable[str],
    *,
    commit: str | None = None,
    fingerprint: str | None = None,
    outcome: str | None = None,
    to: str | None = None,
) -> dict[str, Any]:
    """Return a plan for programs.

    Args:
        source: the content source's name.
        changes: what would change, or was changed.
        effects: what that means for learners on the way.
        problems: what is left as it is, and why.
        waits: why the plan must be agreed to first; none if it need not.
        commit: what it is the plan of; left out for files that are no commit yet.
        fingerprint: what to agree to; only a commit has one.
        outcome: how it ended; none if it is only a plan.
        to: the older commit that a rollback goes to.
    """
    return {
        "source": source,
        **({"commit": commit} if commit is not None else {}),
        "fingerprint": fingerprint,
        "changes": [describe(change) for change in changes],
        "effects": list(effects),
        "problems": [str(problem) for problem in problems],
        "waits": list(waits),
        "outcome": outcome,
        "to": to,
    }


def approve_command(source: str, fingerprint: str, to: str | None) -> str:
    """Return the command that agrees to a plan that waits."""
    words = f"rollback {source} {to[:10]}" if to else f"apply {source}"
    return f"flask sync {words} --confirm {fingerprint}"


def plan_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what `plan_facts` returned, for people."""
    name, commit = facts["source"], facts.get("commit")
    at = f" at {commit[:10]}" if commit else ""
    yield f"{name}{at}: {len(facts['changes'])} change(s)"
    for line in (*facts["changes"], *facts["effects"]):
        yield f"  {line}"
    for problem in facts["problems"]:
        yield f"  problem: {problem}"
    for reason in facts["waits"]:
        yield f"  waits: {reason}"
    if facts["waits"] and facts["fingerprint"] and facts["outcome"] != "applied":
        yield f"  agree with: {approve_command(name, facts['fingerprint'], facts.get('to'))}"
