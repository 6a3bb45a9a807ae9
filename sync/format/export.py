"""Content to the files that the parser reads back as the same content. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import yaml

from sync.layout import MANIFEST
from walkthroughs.content import markdown
from walkthroughs.content.step_text import Parts
from walkthroughs.content.values import AuthoredWalkthrough, Move, StepContent


def export(authored: AuthoredWalkthrough) -> dict[str, bytes]:
    """Return the files of one walkthrough: path from the repository's root -> bytes.

    Parsing them gives *authored* again, for content that the parser accepts. Pictures are where
    the texts of the steps name them.
    """
    folder = f"walkthroughs/{authored.content.id}"
    texts = {MANIFEST: _yaml(_manifest(authored))}
    texts |= {_file(step): _step(step) for step in authored.content.steps}
    files = {f"{folder}/{path}": text.encode() for path, text in texts.items()}
    for picture in authored.pictures:
        files[f"{folder}/steps/i/{picture.name}"] = picture.data
    return files


def _manifest(authored: AuthoredWalkthrough) -> dict[str, Any]:
    content = authored.content
    every = {
        "id": content.id,
        "title": content.title,
        "description": content.description,
        "status": "published" if authored.is_published else "draft",
        "tags": list(content.tags),
        "estimated_minutes": content.estimated_minutes,
        "servers": list(authored.servers),
        "steps": _listed(content.steps),
        "moved": [{"from": _origin(move), "to": move.new} for move in content.moved],
    }
    return {key: value for key, value in every.items() if value not in (None, [])}


def _origin(move: Move) -> str:
    return f"{move.walkthrough}/{move.old}" if move.walkthrough else move.old


def _listed(steps: tuple[StepContent, ...]) -> list[Any]:
    """List the files in order, neighbours of one section together."""
    listed: list[Any] = []
    for section, group in groupby(steps, key=lambda step: step.section):
        files = [_file(step) for step in group]
        listed += files if section is None else [{"section": section, "steps": files}]
    return listed


def _file(step: StepContent) -> str:
    return f"steps/{step.id}.md"


def _step(step: StepContent) -> str:
    front: dict[str, Any] = {"id": step.id, "title": step.title}
    if step.revision != 1:
        front["revision"] = step.revision
    body = markdown.join(Parts(step.content, step.agent_instructions, step.verify))
    return f"---\n{_yaml(front)}---\n{body}"


def _yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10_000)
