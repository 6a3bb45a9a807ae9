"""Content to the files that the parser reads back as the same content. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from sync.format.yaml_edit import dump
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
    names = {step.id: step_file(step.id) for step in authored.content.steps}
    texts = {MANIFEST: manifest_text(authored, names)}
    texts |= {names[step.id]: step_text(step) for step in authored.content.steps}
    files = {f"{folder}/{path}": text.encode() for path, text in texts.items()}
    for picture in authored.pictures:
        files[f"{folder}/steps/i/{picture.name}"] = picture.data
    return files


def manifest_text(authored: AuthoredWalkthrough, files: Mapping[str, str]) -> str:
    """Return the manifest of a walkthrough, the files of its steps by their ids."""
    content = authored.content
    every = {
        "id": content.id,
        "title": content.title,
        "description": content.description,
        "status": "published" if authored.is_published else "draft",
        "tags": list(content.tags),
        "estimated_minutes": content.estimated_minutes,
        "servers": list(authored.servers),
        "steps": _listed(content.steps, files),
        "moved": [move_record(move) for move in content.moved],
    }
    return dump({key: value for key, value in every.items() if value not in (None, [])})


def move_record(move: Move) -> dict[str, object]:
    """Return the record of a move, as a manifest has it."""
    return {"from": _origin(move), "to": move.new}


def _origin(move: Move) -> str:
    return f"{move.walkthrough}/{move.old}" if move.walkthrough else move.old


def _listed(steps: tuple[StepContent, ...], names: Mapping[str, str]) -> list[Any]:
    """List the files in order, neighbours of one section together."""
    listed: list[Any] = []
    for section, group in groupby(steps, key=lambda step: step.section):
        files = [names[step.id] for step in group]
        listed += files if section is None else [{"section": section, "steps": files}]
    return listed


def step_file(step_id: str) -> str:
    """Return what the file of a new step is called, in its walkthrough's folder."""
    return f"steps/{step_id}.md"


def step_text(step: StepContent) -> str:
    """Return the file of a step."""
    front: dict[str, Any] = {"id": step.id, "title": step.title}
    if step.revision != 1:
        front["revision"] = step.revision
    body = markdown.join(Parts(step.content, step.agent_instructions, step.verify))
    return f"---\n{dump(front)}---\n{body}"
