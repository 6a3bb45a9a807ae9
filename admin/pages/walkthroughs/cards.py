"""What the list of walkthroughs shows: a page of cards, and how many there are in each state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from admin.formats import name_of, share_of
from admin.git_lock import NewestCommit, newest_commit_of
from admin.pages.walkthroughs.card_queries import cards_of, has_words, started_of
from admin.pages.walkthroughs.filter import Wanted
from admin.states import State, state_sql, state_words
from walkthroughs.models import (
    ContentSource,
    McpServer,
    McpServerWalkthrough,
    Walkthrough,
    WalkthroughLearners,
)
from walkthroughs.publishing.learner_counts import count_all

PAGE_SIZE = 24


@dataclass(frozen=True, slots=True)
class Card:
    """One walkthrough of the list. Times are epoch milliseconds.

    `newest` is what became of its newest commit, if Git owns it.
    """

    id: str
    title: str
    description: str | None
    state: State
    badge: str
    steps: int
    servers: int
    source: str | None
    newest: NewestCommit | None
    tags: tuple[str, ...]
    changed_at: int
    changed_by: str | None
    started: int = 0
    completed: int = 0

    @property
    def finish(self) -> str:
        """Return how many learners finish it, in words; empty if nobody has begun."""
        if self.started == 0:
            return ""
        share = share_of(self.completed, self.started)
        if share:
            return f"{share} finish (of {self.started})"
        return f"{self.completed} of {self.started} finished"


@dataclass(frozen=True, slots=True)
class CardPage:
    """A page of cards. `counts` has the number of each state that the other filters leave."""

    cards: tuple[Card, ...]
    counts: Mapping[State, int] = field(default_factory=dict)
    total: int = 0

    @property
    def pages(self) -> int:
        """Return how many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))


def read_cards(session: Session, organization_id: str, wanted: Wanted) -> CardPage:
    """Return the page that *wanted* asks for: at most four statements, whatever there is."""
    conditions = _conditions(organization_id, wanted)
    by_state = session.execute(
        select(state_sql().label("state"), func.count()).where(*conditions).group_by("state")
    ).all()
    counts = {State(state): count for state, count in by_state}
    shown = state_sql() == wanted.state.value if wanted.state else Walkthrough.archived_at.is_(None)
    rows = session.execute(
        _in_order(cards_of(organization_id).where(*conditions, shown), organization_id, wanted)
        .limit(PAGE_SIZE)
        .offset(PAGE_SIZE * (wanted.page - 1))
    ).all()
    learners = count_all(session, organization_id, [row.id for row in rows])
    sources = _sources(session, organization_id, {row.source_id for row in rows} - {None})
    cards = tuple(
        _card(row, sources.get(row.source_id), *learners.get(row.id, (0, 0))) for row in rows
    )
    total = sum(
        count
        for state, count in counts.items()
        if state is wanted.state or (wanted.state is None and state is not State.ARCHIVED)
    )
    return CardPage(cards, counts, total)


def _conditions(organization_id: str, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return what the member asks for, but for the state: each state is counted."""
    conditions: list[ColumnElement[bool]] = [Walkthrough.organization_id == organization_id]
    if wanted.words:
        conditions.append(has_words(organization_id, wanted.words))
    if wanted.server:
        conditions.append(
            exists()
            .where(
                McpServerWalkthrough.organization_id == organization_id,
                McpServerWalkthrough.walkthrough_id == Walkthrough.id,
                McpServerWalkthrough.mcp_server_id == McpServer.id,
                McpServer.slug == wanted.server,
            )
            .correlate(Walkthrough)
        )
    if wanted.source == "dashboard":
        conditions.append(Walkthrough.source_id.is_(None))
    elif wanted.source == "git":
        conditions.append(Walkthrough.source_id.is_not(None))
    if wanted.tag:
        conditions.append(Walkthrough.tags.contains([wanted.tag]))
    return conditions


def _in_order(rows: Select[Any], organization_id: str, wanted: Wanted) -> Select[Any]:
    """Sort *rows* as the member asks; two that are alike stay in one order."""
    if wanted.sort == "title":
        return rows.order_by(func.lower(Walkthrough.title), Walkthrough.id)
    if wanted.sort == "learners":
        return rows.outerjoin(
            WalkthroughLearners,
            and_(
                WalkthroughLearners.organization_id == organization_id,
                WalkthroughLearners.walkthrough_id == Walkthrough.id,
            ),
        ).order_by(started_of(organization_id).desc(), Walkthrough.id)
    return rows.order_by(Walkthrough.updated_at.desc(), Walkthrough.id)


def _sources(
    session: Session, organization_id: str, ids: Collection[str]
) -> dict[str, ContentSource]:
    if not ids:
        return {}
    query = select(ContentSource).where(
        ContentSource.organization_id == organization_id, ContentSource.id.in_(ids)
    )
    return {row.id: row for row in session.scalars(query)}


def _card(
    row: Any,  # noqa: ANN401  a row of `cards_of`
    source: ContentSource | None,
    started: int,
    completed: int,
) -> Card:
    state = State(row.state)
    return Card(
        id=row.id,
        title=row.title,
        description=row.description,
        state=state,
        badge=state_words(state, row.version),
        steps=row.steps,
        servers=row.servers,
        source=source.name if source else None,
        newest=newest_commit_of(source, row.external_id, row.folder) if source else None,
        tags=tuple(row.tags),
        changed_at=row.updated_at,
        changed_by=name_of(row.author),
        started=started,
        completed=completed,
    )
