"""How Alembic reaches the database: a connection that it is handed, or the application's own."""

from alembic import context
from sqlalchemy import Connection, text

from walkthroughs.database.migrations import LOCK
from walkthroughs.events.partitions import is_partition
from walkthroughs.models import Base
from walkthroughs.runtime import runtime


def run(connection: Connection) -> None:
    """Run the migrations that the command asks for, in one transaction."""
    context.configure(
        connection=connection, target_metadata=Base.metadata, include_name=_is_in_models
    )
    with context.begin_transaction():
        connection.execute(text(LOCK))
        context.run_migrations()


def _is_in_models(name: str | None, kind: str, _: object) -> bool:
    """Return whether a table of the database has a model: those that hold a month have none."""
    return kind != "table" or name is None or not is_partition(name)


given = context.config.attributes.get("connection")
if given is None:
    with runtime().database.engine.connect() as own:
        run(own)
else:
    run(given)
