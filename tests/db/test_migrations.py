from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from alembic.util.exc import CommandError
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.builders import learner, new_course
from tests.clusters import MIGRATED
from tests.events import miscounted, move_all
from tests.waiting import PATIENCE, until
from walkthroughs.database import migrations
from walkthroughs.database.pool import connect, driver_url
from walkthroughs.events.mover import move
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import Base

WAITS = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'event_days'::regclass"
)


@pytest.fixture
def blank(postgres):
    """A database with nothing in it, on the same server."""
    yield from _made(postgres, "template1")


@pytest.fixture
def current(postgres):
    """A database with all tables of this release, and nothing in them."""
    yield from _made(postgres, MIGRATED)


def _made(postgres, template):
    admin = create_engine(driver_url(postgres), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS blank"))
        connection.execute(text(f"CREATE DATABASE blank TEMPLATE {template}"))
    opened = connect(driver_url(postgres).set(database="blank").render_as_string(False))
    yield opened
    opened.close()
    admin.dispose()


def test_from_empty_to_head_down_and_up_again_and_the_models_agree(blank):
    migrations.upgrade(blank)
    migrations.downgrade(blank, "base")
    migrations.upgrade(blank)

    migrations.check_models(blank)


def test_a_table_that_differs_from_its_model_is_noticed(current):
    with current.engine.begin() as connection:
        connection.execute(text("ALTER TABLE walkthroughs DROP COLUMN tags"))

    with pytest.raises(CommandError, match="tags"):
        migrations.check_models(current)


@pytest.mark.parametrize("revision", ["0001", "0008", "0011", "0041"])
def test_a_database_of_an_earlier_release_keeps_every_place_and_completion(current, revision):
    with current.transaction() as session:
        caller, row = new_course(session)
        finished = replace(
            caller, learner_id=learner(session, caller.organization_id, "max@x.example").id
        )
    cache = ContentCache()
    step = progress.select(current, cache, caller, row, resume=True).step
    on_the_way = progress.advance(current, cache, caller, step.id)
    view = progress.select(current, cache, finished, row, resume=True)
    move(current, most=3)  # others are still on their way
    while view.step:
        view = progress.advance(current, cache, finished, view.step.id)

    migrations.downgrade(current, revision)
    migrations.upgrade(current)

    move_all(current)
    with current.begin() as connection:
        assert miscounted(connection) == []
    here = progress.select(current, ContentCache(), caller, row, resume=True)
    assert (here.step, here.progress) == (on_the_way.step, on_the_way.progress)
    assert progress.status(current, ContentCache(), finished, row).percent == 100
    assert progress.advance(current, ContentCache(), caller, here.step.id).step.title == "Three"
    migrations.check_models(current)


def test_an_upgrade_that_meets_a_process_of_the_release_before_begins_anew(blank):
    migrations.upgrade(blank, "0041")
    with ThreadPoolExecutor() as pool, blank.begin() as mover:
        mover.execute(text("LOCK event_days IN ROW EXCLUSIVE MODE"))
        upgrade = pool.submit(migrations.upgrade, blank)
        until(lambda: mover.execute(WAITS).scalar())
        # Either of the two is broken: it is the upgrade unless this machine is very slow.
        with suppress(OperationalError):
            mover.execute(text("LOCK active_days IN ROW EXCLUSIVE MODE"))
        mover.rollback()
        upgrade.result(PATIENCE)

    migrations.check_models(blank)


def test_a_database_made_before_two_revisions_were_put_below_its_own_gets_what_it_missed(blank):
    migrations.upgrade(blank, "0008")
    with blank.engine.begin() as connection:
        for statement in (
            "ALTER TABLE walkthrough_steps DROP COLUMN succeeds",
            "ALTER TABLE content_sources DROP COLUMN check_token_hash, DROP COLUMN agreed",
        ):
            connection.execute(text(statement))
    migrations.upgrade(blank)

    migrations.check_models(blank)


def test_what_the_tables_miss_is_told(blank):
    assert migrations.missing(blank, Base.metadata) == ["all tables"]
    migrations.upgrade(blank)
    assert migrations.missing(blank, Base.metadata) == []
    with blank.engine.begin() as connection:
        connection.execute(text("ALTER TABLE walkthroughs DROP COLUMN tags"))
        connection.execute(text("DROP TABLE user_session"))
    assert migrations.missing(blank, Base.metadata) == ["user_session", "walkthroughs.tags"]
