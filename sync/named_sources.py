"""Find content sources by the names that commands give; hold them, and let them go on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, exists, or_, select, true
from sqlalchemy.orm import aliased

from walkthroughs.database.pool import Database
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.models import ContentSource, Organization

_FULL_NAME: ColumnElement[str] = Organization.slug + "/" + ContentSource.name


@dataclass(frozen=True, slots=True)
class NamedSource:
    """A content source, its organization's slug, and what commands call it.

    That is its name, with the organization in front where another one has such a source, too.
    """

    row: ContentSource
    organization: str
    name: str


def find_source(database: Database, name: str) -> ContentSource:
    """Return the source with this name, this id, or this organization and name: `acme/guides`.

    Raises:
        HandrailError: there is none, or several organizations have one.
    """
    return find_sources(database, name)[0].row


def find_sources(database: Database, name: str | None) -> list[NamedSource]:
    """Return the source with this name, or all of them by name.

    Raises:
        HandrailError: as `find_source` does.
    """
    if not name:
        return _find(database, true())
    wanted = or_(ContentSource.name == name, ContentSource.id == name, _FULL_NAME.in_([name]))
    found = _find(database, wanted)
    if not found:
        raise NotFound(f'There is no content source "{name}". See: flask sync source list')
    if len(found) > 1:
        names = " or ".join(each.name for each in found)
        raise HandrailError(f'Several organizations have a source "{name}". Give {names}.')
    return found


def hold_source(database: Database, name: str, by: str, reason: str) -> None:
    """Hold the source with this name; learners' assistants get what is live until it is resumed.

    Raises:
        HandrailError: as `find_source` does.
    """
    row = find_source(database, name)
    with database.transaction() as session:
        session.get_one(ContentSource, row.id, with_for_update=True).hold(by, reason)


def resume_source(database: Database, name: str) -> None:
    """Let the source with this name go on.

    Raises:
        HandrailError: as `find_source` does.
    """
    row = find_source(database, name)
    with database.transaction() as session:
        session.get_one(ContentSource, row.id, with_for_update=True).resume()


def _find(database: Database, wanted: ColumnElement[bool]) -> list[NamedSource]:
    other = aliased(ContentSource)
    is_shared = exists().where(other.name == ContentSource.name, other.id != ContentSource.id)
    query = (
        select(
            ContentSource,
            Organization.slug,
            case((is_shared, _FULL_NAME), else_=ContentSource.name),
        )
        .join(Organization, Organization.id == ContentSource.organization_id)
        .where(wanted)
        .order_by(ContentSource.name, Organization.slug)
    )
    with database.transaction() as session:
        return [NamedSource(*row) for row in session.execute(query)]
