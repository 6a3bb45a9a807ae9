"""Find content sources by the names that commands give; hold them, and let them go on."""

from __future__ import annotations

from sqlalchemy import or_, select

from walkthroughs.database.pool import Database
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.models import ContentSource, Organization


def find_source(database: Database, name: str) -> ContentSource:
    """Return the source with this name, this id, or this organization and name: `acme/guides`.

    Raises:
        HandrailError: there is none, or several organizations have one.
    """
    full_name = Organization.slug + "/" + ContentSource.name
    query = (
        select(ContentSource)
        .join(Organization, Organization.id == ContentSource.organization_id)
        .where(or_(ContentSource.name == name, ContentSource.id == name, full_name == name))
    )
    with database.transaction() as session:
        rows = session.scalars(query).all()
    if not rows:
        raise NotFound(f'There is no content source "{name}". See: flask sync source list')
    if len(rows) > 1:
        raise HandrailError(
            f'Several organizations have a source "{name}". '
            f"Name the organization, too, as in acme/{name}, or give its id: flask sync source list"
        )
    return rows[0]


def find_sources(database: Database, name: str | None) -> list[ContentSource]:
    """Return the source with this name, or all of them by name.

    Raises:
        HandrailError: as `find_source` does.
    """
    if name:
        return [find_source(database, name)]
    with database.transaction() as session:
        return list(session.scalars(select(ContentSource).order_by(ContentSource.name)))


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
