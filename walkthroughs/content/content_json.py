"""A walkthrough's content as JSON and back. Pure."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from walkthroughs.content.values import StepContent, WalkthroughContent


def content_as_json(content: WalkthroughContent) -> dict[str, Any]:
    """Return what `content_from_json` reads; `moved` is left out, since it is no content."""
    stored = asdict(content)
    del stored["moved"]
    return stored


def content_from_json(data: dict[str, Any]) -> WalkthroughContent:
    """Return a content that `content_as_json` made. It is our own: only its shape is expected."""
    known = {each.name for each in fields(WalkthroughContent)} - {"steps", "tags", "moved"}
    of_step = {each.name for each in fields(StepContent)}
    return WalkthroughContent(
        steps=tuple(
            StepContent(**{name: value for name, value in step.items() if name in of_step})
            for step in data["steps"]
        ),
        tags=tuple(data["tags"]),
        **{name: value for name, value in data.items() if name in known},
    )
