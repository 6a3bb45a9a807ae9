"""Turn content values into column values."""

from __future__ import annotations

from typing import Any

from walkthroughs.content.revision import Revision
from walkthroughs.content.values import StepContent, WalkthroughContent
from walkthroughs.publishing.origin import Origin


def walkthrough_columns(content: WalkthroughContent) -> dict[str, Any]:
    """Return the columns of a walkthrough that its author writes."""
    return {
        "title": content.title,
        "description": content.description,
        "tags": list(content.tags),
        "estimated_minutes": content.estimated_minutes,
    }


def step_columns(step: StepContent) -> dict[str, Any]:
    """Return the columns of a step that its author writes."""
    return {
        "title": step.title,
        "section_title": step.section,
        "content": step.content,
        "agent_instructions": step.agent_instructions,
        "verify": step.verify,
    }


def version_columns(
    number: int, revision: Revision, digest: str, step_ids: list[str], origin: Origin
) -> dict[str, Any]:
    """Return the columns of a version."""
    assert revision.level is not None  # noqa: S101  an invisible change makes no version
    return {
        "number": number,
        "level": revision.level.value,
        "summary": revision.summary,
        "digest": digest,
        "step_ids": step_ids,
        "git_commit": origin.git_commit,
        "author": origin.author,
        "note": origin.note,
    }
