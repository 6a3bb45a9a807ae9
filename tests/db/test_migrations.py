import pytest
from alembic.util.exc import CommandError
from sqlalchemy import create_engine, text

from walkthroughs import schema_version
from walkthroughs.db import connect, driver_url


@pytest.fixture
def blank(postgres):
    """A database with nothing in it, on the same server."""
    admin = create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS blank"))
        connection.execute(text("CREATE DATABASE blank"))
    opened = connect(driver_url(postgres).set(database="blank").render_as_string(False))
    yield opened
    opened.close()
    admin.dispose()


def test_from_empty_to_head_down_and_up_again_and_the_models_agree(blank):
    schema_version.upgrade(blank)
    schema_version.downgrade(blank, "base")
    schema_version.upgrade(blank)

    schema_version.check(blank)


def test_a_table_that_differs_from_its_model_is_noticed(blank):
    schema_version.upgrade(blank)
    with blank.engine.begin() as connection:
        connection.execute(text("ALTER TABLE walkthroughs DROP COLUMN tags"))

    with pytest.raises(CommandError, match="tags"):
        schema_version.check(blank)
