"""Values and rows of what is published: who writes, what came of it, and which columns say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from walkthroughs.content import StepContent, WalkthroughContent
from walkthroughs.revision import Level, Revision


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes. No source: the dashboard does."""

    source_id: str | None = None
    git_commit: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a publish did. No level: nothing that anybody can read changed."""

    walkthrough_id: str
    version: int
    level: Level | None
    summary: str


def described(content: WalkthroughContent) -> dict[str, Any]:
    """Return the columns of a walkthrough that its author writes."""
    return {
        "title": content.title,
        "description": content.description,
        "tags": list(content.tags),
        "estimated_minutes": content.estimated_minutes,
    }


def worded(step: StepContent) -> dict[str, Any]:
    """Return the columns of a step that its author writes."""
    return {
        "title": step.title,
        "section_title": step.section,
        "content": step.content,
        "agent_instructions": step.agent_instructions,
        "verify": step.verify,
    }


def version_of(
    number: int, revision: Revision, digest: str, step_ids: list[str], origin: Origin
) -> dict[str, Any]:
    """Return the columns of a version."""
    assert revision.level is not None  # noqa: S101  what nobody sees makes none
    return {
        "number": number,
        "level": revision.level.value,
        "summary": revision.summary,
        "digest": digest,
        "step_ids": step_ids,
        "git_commit": origin.git_commit,
        "author": origin.author,
    }
