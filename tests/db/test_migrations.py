import pytest
from alembic.util.exc import CommandError
from sqlalchemy import create_engine, text

from walkthroughs.database import migrations
from walkthroughs.database.pool import connect, driver_url


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
    migrations.upgrade(blank)
    migrations.downgrade(blank, "base")
    migrations.upgrade(blank)

    migrations.check_models(blank)


def test_a_table_that_differs_from_its_model_is_noticed(blank):
    migrations.upgrade(blank)
    with blank.engine.begin() as connection:
        connection.execute(text("ALTER TABLE walkthroughs DROP COLUMN tags"))

    with pytest.raises(CommandError, match="tags"):
        migrations.check_models(blank)
