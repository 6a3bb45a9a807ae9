"""Where the pictures of a walkthrough are named: live, its draft, versions and kept copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from walkthroughs.content.pictures import pictures_named
from walkthroughs.publishing.draft_rows import DraftRow

LIVE, DRAFT, COPY, EARLIER = "live", "the draft", "a kept copy", "an earlier version"

#: Every text that may be shown again, with where it stands. Steps that are archived too: the texts
#: of versions that were replaced before texts were kept are nowhere else.
_TEXTS = """
    SELECT '' AS place, concat_ws(' ', s.content, s.agent_instructions, s.verify) AS words
      FROM walkthrough_steps s WHERE s.organization_id = :org AND s.walkthrough_id = :row
    UNION ALL
    SELECT '', w.description FROM walkthroughs w WHERE w.organization_id = :org AND w.id = :row
    UNION ALL
    SELECT 'the draft', d.content::text FROM walkthrough_drafts d
     WHERE d.organization_id = :org AND d.walkthrough_id = :row
    UNION ALL
    SELECT 'version ' || v.number, v.content::text FROM walkthrough_versions v
     WHERE v.organization_id = :org AND v.walkthrough_id = :row
    UNION ALL
    SELECT 'a kept copy', k.content::text FROM kept_copies k
     WHERE k.organization_id = :org AND k.walkthrough_id = :row
"""
_NAMED = text(
    "SELECT DISTINCT named[1], place FROM "  # noqa: S608  constants
    f"({_TEXTS}) texts, regexp_matches(words, 'i/([0-9a-f]{{64}})', 'g') AS named ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Use:
    """A text that names a picture.

    Attributes:
        where: `LIVE`, `DRAFT`, `COPY`, `EARLIER`, or "version" and its number.
        step: the author id of a step that is live or in the draft; else none.
        title: of that step.
    """

    where: str
    step: str | None = None
    title: str = ""


def places_of_pictures(
    session: Session, organization_id: str, walkthrough_id: str
) -> dict[str, list[str]]:
    """Return where each picture is named, by its SHA-256. One that is missing is used nowhere.

    A place is `DRAFT`, `COPY`, "version" and its number, or empty: a step that is or was live.
    """
    places = defaultdict(list)
    for sha256, place in session.execute(_NAMED, {"org": organization_id, "row": walkthrough_id}):
        places[sha256].append(place)
    return dict(places)


def uses_of_pictures(session: Session, row: DraftRow) -> Mapping[str, tuple[Use, ...]]:
    """Return where each picture is named, by its SHA-256: steps by their titles."""
    place = row.walkthrough
    uses = defaultdict(list)
    for step in row.draft.steps if row.has_changes else ():
        for sha256 in _named([step.text, step.assistant, step.check]):
            uses[sha256].append(Use(DRAFT, step.id, step.title))
    for live in row.live.steps:
        for sha256 in _named([live.content, live.agent_instructions, live.verify]):
            uses[sha256].append(Use(LIVE, live.id, live.title))
    for sha256, places in places_of_pictures(session, place.organization_id, place.id).items():
        told = [Use(each) for each in places if each not in {"", DRAFT}]
        if not told and not uses[sha256]:
            told = [Use(DRAFT if DRAFT in places else EARLIER)]
        uses[sha256] += told
    return {sha256: tuple(each) for sha256, each in uses.items()}


def _named(texts: Iterable[str | None]) -> set[str]:
    return {name.partition(".")[0] for name in pictures_named(texts)}
