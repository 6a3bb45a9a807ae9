"""Who writes content, and what a write did."""

from __future__ import annotations

from dataclasses import dataclass

from walkthroughs.content.revision import Level


@dataclass(frozen=True, slots=True)
class Origin:
    """Who writes, and what they say of it. No source: the dashboard does."""

    source_id: str | None = None
    git_commit: str | None = None
    author: str | None = None
    note: str | None = None
    #: What people call the source.
    source_name: str | None = None


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What a publish did. No level: nothing that anybody can read changed."""

    walkthrough_id: str
    version: int
    level: Level | None
    summary: str
