"""A plan as facts and in words: the same on the command line, over HTTP and in an author's CI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sync.plan import Change, describe
from walkthroughs.errors import Problem

#: What a plan says in lists of lines.
LISTS = ("changes", "effects", "problems", "waits")


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


def agreeing(source: str, fingerprint: str, to: str | None) -> str:
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
        yield f"  agree with: {agreeing(name, facts['fingerprint'], facts.get('to'))}"
