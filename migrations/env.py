"""How Alembic reaches the database: through the application's own engine."""

from alembic import context

from walkthroughs.models import Base
from walkthroughs.runtime import runtime


def run() -> None:
    """Run the migrations that the command asks for, in one transaction."""
    with runtime().database.engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=Base.metadata, compare_server_default=False
        )
        with context.begin_transaction():
            context.run_migrations()


run()
