"""How Alembic reaches the database: a connection that it is handed, or the application's own."""

from alembic import context
from sqlalchemy import Connection, text

from walkthroughs.database.migrations import LOCK
from walkthroughs.models import Base
from walkthroughs.runtime import runtime


def run(connection: Connection) -> None:
    """Run the migrations that the command asks for, in one transaction."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        connection.execute(text(LOCK))
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is None:
    with runtime().database.engine.connect() as own:
        run(own)
else:
    run(given)
