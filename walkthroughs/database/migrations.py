"""Bring a database to the schema of this release. `flask db` does the same by hand."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from walkthroughs.database.pool import Database

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations that *database* has not seen, in one transaction."""
    with database.engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Take *database* back to *revision*; `base` is empty."""
    with database.engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def check_models(database: Database) -> None:
    """Raise alembic's CommandError if tables and models differ."""
    with database.engine.begin() as connection:
        command.check(_config(connection))


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
