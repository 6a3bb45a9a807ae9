"""Note the words of what is published, for the search of the dashboard.

Publishing says only that they are to be noted: to take a text apart takes as long as to publish it.
"""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from walkthroughs.content.text_words import text_words
from walkthroughs.database.pool import Database
from walkthroughs.errors import WalkthroughNotFound
from walkthroughs.models.search_words import SearchWords
from walkthroughs.models.walkthroughs import Walkthrough
from walkthroughs.publishing.read import read_content

_MARK = text(
    """
    INSERT INTO search_words (organization_id, walkthrough_id, version)
    VALUES (:owner, :id, :version)
    ON CONFLICT (walkthrough_id) DO UPDATE SET version = EXCLUDED.version, words = NULL
    """
)


def mark(session: Session, row: Walkthrough) -> None:
    """Say that the words of the walkthrough's version are to be noted."""
    values = {"owner": row.organization_id, "id": row.id, "version": row.version}
    session.execute(_MARK, values, execution_options={"autoflush": False})


def note_words(database: Database, limit: int) -> int:
    """Note the words of at most *limit* walkthroughs; return how many were to be noted.

    Several processes may do so at once. What is published meanwhile is noted the next time.
    """
    with database.transaction() as session:
        query = (
            select(SearchWords.organization_id, SearchWords.walkthrough_id, SearchWords.version)
            .where(SearchWords.words.is_(None))
            .limit(limit)
        )
        rows = session.execute(query).all()
    for organization_id, walkthrough_id, version in rows:
        # One at a time: who publishes several waits for none of them here.
        with suppress(WalkthroughNotFound), database.transaction() as session:
            _note(session, organization_id, walkthrough_id, version)
    return len(rows)


def _note(session: Session, organization_id: str, walkthrough_id: str, version: int) -> None:
    content = read_content(session, organization_id, walkthrough_id)
    # Whoever loses it in a crash notes it again.
    session.execute(text("SET LOCAL synchronous_commit TO OFF"))
    session.execute(
        update(SearchWords)
        .where(
            SearchWords.organization_id == organization_id,
            SearchWords.walkthrough_id == walkthrough_id,
            SearchWords.version == version,
        )
        .values(words=text_words(content))
        .execution_options(synchronize_session=False)
    )
