"""What the search of the dashboard finds walkthroughs by."""

from __future__ import annotations

from sqlalchemy import Index, Integer, PrimaryKeyConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from walkthroughs.models.base import Scoped, db, org_foreign_key


class SearchWords(Scoped, db.Model):  # type: ignore[name-defined]
    """The words of a walkthrough's live version. Publishing empties them; they are noted later.

    A table of its own: whoever notes words meets nobody who locks the walkthrough.
    """

    __tablename__ = "search_words"
    __table_args__ = (
        PrimaryKeyConstraint("walkthrough_id"),
        org_foreign_key("walkthrough_id", "walkthroughs"),
        Index(None, "words", postgresql_using="gin"),
        Index(
            "ix_search_words_not_noted", "organization_id", postgresql_where=text("words IS NULL")
        ),
    )

    walkthrough_id: Mapped[str]
    #: The version that the words are of.
    version: Mapped[int] = mapped_column(Integer)
    #: None: not noted yet.
    words: Mapped[str | None] = mapped_column(TSVECTOR)
