"""Bring a database to the schema of this release. `flask db` does the same by hand."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg2.errors import DeadlockDetected
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import OperationalError

from walkthroughs.database.pool import Database
from walkthroughs.errors import HandrailError

_log = logging.getLogger(__name__)
#: Held until the transaction ends, by whoever changes the schema.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('handrail migrations', 0))"
_LOCK_IF_FREE = "SELECT pg_try_advisory_xact_lock(hashtextextended('handrail migrations', 0))"
#: How often migrations are begun at most.
_TRIES = 5
MIGRATIONS = Path(__file__).parents[2] / "migrations"


class SchemaTooNew(HandrailError):
    """The database has been brought to a schema that this release does not know."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is at schema {revision}, which this release does not know: a newer "
            "release has been here. Start that release, or restore a backup from before it."
        )


class SchemaTooOld(HandrailError):
    """The database has not been brought to the schema of this release."""

    def __init__(self, revision: str | None) -> None:
        super().__init__(
            f"The database is at schema {revision or 'none'}, and this release needs "
            f"{newest_revision()}. Run: flask db upgrade"
        )


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations that *database* has not seen, in one transaction.

    Processes that start at the same time take turns, and who waits says so. Processes of the
    release before may still work: if PostgreSQL breaks a deadlock with one, all begins anew.

    Raises:
        SchemaTooNew: a newer release has been here.
    """
    for left in range(_TRIES - 1, -1, -1):
        try:
            with database.engine.begin() as connection:
                _refuse_unknown_revision(connection)
                command.upgrade(_config(connection), revision)
        except OperationalError as error:
            if not (left and isinstance(error.orig, DeadlockDetected)):
                raise
        else:
            return


def downgrade(database: Database, revision: str) -> None:
    """Take *database* back to *revision*; `base` is empty."""
    with database.engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def check_models(database: Database) -> None:
    """Raise alembic's CommandError if tables and models differ."""
    with database.engine.begin() as connection:
        command.check(_config(connection))


def missing(database: Database, models: MetaData) -> list[str]:
    """Return the tables and columns of *models* that *database* does not have, by name.

    An empty database has missed "all tables".

    Raises:
        DatabaseUnavailable: it does not answer.
    """
    query = """
        SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0
           AND NOT a.attisdropped
    """
    with database.begin() as connection:
        found: set[tuple[str, str]] = {(row[0], row[1]) for row in connection.execute(text(query))}
    tables = {table for table, _ in found}
    if not tables & models.tables.keys():
        return ["all tables"]
    return sorted(
        [name for name in models.tables if name not in tables]
        + [
            f"{name}.{column.name}"
            for name, table in models.tables.items()
            for column in table.columns
            if name in tables and (name, column.name) not in found
        ]
    )


def current_revision(database: Database) -> str | None:
    """Return the revision of *database*; none if it is empty."""
    with database.begin() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def newest_revision() -> str:
    """Return the revision that this release brings a database to."""
    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())


def check_newest(database: Database) -> None:
    """Raise `SchemaTooOld` or `SchemaTooNew` if *database* is not at this release's revision.

    Raises:
        DatabaseUnavailable: it does not answer.
    """
    revision = current_revision(database)
    if revision != newest_revision():
        check_known(revision)
        raise SchemaTooOld(revision)


def check_known(revision: str | None) -> None:
    """Raise `SchemaTooNew` if this release has no such revision."""
    known = {each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaTooNew(revision)


def _refuse_unknown_revision(connection: Connection) -> None:
    if not connection.scalar(text(_LOCK_IF_FREE)):
        _log.warning("Another process changes the schema of the database. Waiting for it.")
        connection.execute(text(LOCK))
    check_known(MigrationContext.configure(connection).get_current_revision())


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
