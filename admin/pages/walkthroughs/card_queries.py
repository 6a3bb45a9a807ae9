"""Parts of the statement behind a page of cards: its columns, a search, a number of learners."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, cast, func, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import aliased

from admin.states import state_sql
from walkthroughs.content.text_words import sought
from walkthroughs.models import (
    McpServerWalkthrough,
    SearchWords,
    Walkthrough,
    WalkthroughDraft,
    WalkthroughLearners,
    WalkthroughProgress,
    WalkthroughStep,
    WalkthroughVersion,
)


def has_words(organization_id: str, words: str) -> ColumnElement[bool]:
    """Title, description or the author's id has the words, or its texts have each of them.

    In the texts words are found by their beginning, in any order; see `text_words`.
    """
    beginnings = sought(words)
    return or_(
        Walkthrough.title.icontains(words, autoescape=True),
        Walkthrough.description.icontains(words, autoescape=True),
        Walkthrough.external_id == words,
        *([_noted(organization_id, beginnings)] if beginnings else []),
        Walkthrough.id.in_(_not_noted_yet(organization_id, words)),
    )


def _noted(organization_id: str, beginnings: str) -> ColumnElement[bool]:
    found = select(SearchWords.walkthrough_id).where(
        SearchWords.organization_id == organization_id,
        SearchWords.words.op("@@")(cast(beginnings, TSQUERY)),
    )
    return Walkthrough.id.in_(found)


def _not_noted_yet(organization_id: str, words: str) -> Select[Any]:
    """Return the walkthroughs that were just published and have the words as they were typed.

    Also in small letters and with a capital: to put every text into small letters first takes
    PostgreSQL ten times as long as to look through it.
    """
    forms = {words, words.lower(), words.capitalize()}
    return (
        select(WalkthroughStep.walkthrough_id)
        .join(SearchWords, SearchWords.walkthrough_id == WalkthroughStep.walkthrough_id)
        .where(
            SearchWords.organization_id == organization_id,
            SearchWords.words.is_(None),
            WalkthroughStep.organization_id == organization_id,
            WalkthroughStep.archived_at.is_(None),
            or_(
                WalkthroughStep.title.icontains(words, autoescape=True),
                *(WalkthroughStep.content.contains(form, autoescape=True) for form in forms),
            ),
        )
    )


def cards_of(organization_id: str) -> Select[Any]:
    """Return the columns of a card, with the name of who wrote the newest version."""
    servers = (
        select(func.count())
        .where(
            McpServerWalkthrough.organization_id == organization_id,
            McpServerWalkthrough.walkthrough_id == Walkthrough.id,
            McpServerWalkthrough.is_enabled,
        )
        .correlate(Walkthrough)
        .scalar_subquery()
    )
    newest = aliased(WalkthroughVersion)
    return select(
        Walkthrough.id,
        Walkthrough.title,
        Walkthrough.description,
        _steps(organization_id).label("steps"),
        Walkthrough.version,
        Walkthrough.tags,
        Walkthrough.updated_at,
        state_sql().label("state"),
        servers.label("servers"),
        Walkthrough.source_id,
        Walkthrough.external_id,
        Walkthrough.folder,
        newest.author,
    ).outerjoin(
        newest,
        and_(newest.walkthrough_id == Walkthrough.id, newest.number == Walkthrough.version),
    )


def _steps(organization_id: str) -> ColumnElement[int]:
    """Return the number of live steps; of what was never published, those of its draft."""
    drafted = (
        select(func.jsonb_array_length(WalkthroughDraft.content["steps"]))
        .where(
            WalkthroughDraft.organization_id == organization_id,
            WalkthroughDraft.walkthrough_id == Walkthrough.id,
            WalkthroughDraft.content.is_not(None),
        )
        .correlate(Walkthrough)
        .scalar_subquery()
    )
    return case((Walkthrough.version == 0, func.coalesce(drafted, 0)), else_=Walkthrough.step_count)


def started_of(organization_id: str) -> ColumnElement[int]:
    """Return how many have started a walkthrough: counted before, or now, if they are few."""
    now = (
        select(func.count())
        .where(
            WalkthroughProgress.organization_id == organization_id,
            WalkthroughProgress.walkthrough_id == Walkthrough.id,
        )
        .correlate(Walkthrough)
        .scalar_subquery()
    )
    return func.coalesce(WalkthroughLearners.learners, now)
