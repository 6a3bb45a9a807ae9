"""The first commands of an operator: on an empty database, with a wrong setting, two at once."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from click.testing import CliRunner
from flask.cli import FlaskGroup
from sqlalchemy import make_url, text

from app import create_app
from tests.clusters import MIGRATED
from tests.waiting import PATIENCE, until
from walkthroughs.database import migrations
from walkthroughs.database.pool import connect

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty_database(postgres):
    """The address of a database without tables."""
    return _fresh(postgres, "template1")


@pytest.fixture
def current_database(postgres):
    """The address of a database with all tables of this release, and nothing in them."""
    return _fresh(postgres, MIGRATED)


def _fresh(postgres, template):
    with closing(psycopg2.connect(postgres)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS fresh WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE fresh TEMPLATE {template}")
    head, _, options = postgres.partition("?")
    return f"{head.rsplit('/', 1)[0]}/fresh" + (f"?{options}" if options else "")


def variables(database_url, tmp_path):
    return {
        "FLASK_APP": str(ROOT / "app.py"),
        "DATABASE_URL": database_url,
        "HANDRAIL_DATA_DIR": str(tmp_path / "var"),
        "HANDRAIL_SECRET_KEY": "a-secret-for-tests-only",
    }


def flask(database_url, tmp_path, *words):
    """Run a command in a process of its own; return its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", *words],
        env=os.environ | variables(database_url, tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_first_owner_is_made_on_an_empty_database(empty_database, tmp_path):
    words = ("init-admin", "--email", "ana@acme.example", "--organization", "acme")
    code, printed, _ = flask(empty_database, tmp_path, *words)

    assert code == 0
    assert "ana@acme.example owns acme. Password:" in printed


def test_a_command_on_an_empty_database_is_one_line_with_what_to_do(empty_database, tmp_path):
    code, _, errors = flask(empty_database, tmp_path, "sync", "source", "list")

    assert code == 1
    assert errors == (
        "Error: The database has not the tables of this release. Run: flask db upgrade\n"
    )


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("HANDRAIL_BASE_URL", "ftp://x", "HANDRAIL_BASE_URL"),
        ("HANDRAIL_POLL_SECONDS", "soon", "HANDRAIL_POLL_SECONDS"),
        ("HANDRAIL_TRUSTED_PROXIES", "proxy", "HANDRAIL_TRUSTED_PROXIES"),
        ("DATABASE_URL", "postgresql://nobody:wrong@127.0.0.1:1/none", "port 1 failed"),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/none?schema=public", 'parameter: "schema"'),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(tmp_path, variable, value, words):
    # In this process: that a command's error is all that a process prints is told above.
    given = variables("postgresql://127.0.0.1:1/none", tmp_path) | {variable: value}
    for command in (["sync", "status"], ["db", "upgrade"], ["db", "current"]):
        assert words in in_this_process(command, given)


def in_this_process(command, given):
    """Run a command that fails; return the one line that it prints."""
    done = CliRunner().invoke(FlaskGroup(create_app=create_app), command, env=given)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_processes_that_start_at_once_on_an_empty_database_all_find_its_tables(empty_database):
    databases = [connect(empty_database) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrations.upgrade, databases))

    migrations.check_models(databases[0])
    for database in databases:
        database.close()


def test_an_older_release_says_that_it_is_older(current_database, tmp_path):
    database = connect(current_database)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    for words in (("serve",), ("db", "upgrade")):
        code, _, errors = flask(current_database, tmp_path, *words)

        assert code == 1
        assert errors.startswith(
            "Error: The database is at schema 9999, which this release does not"
        )
        assert len(errors.splitlines()) == 1


def test_the_tables_are_made_without_serving(empty_database, tmp_path):
    code, printed, errors = flask(empty_database, tmp_path, "db", "upgrade")

    assert (code, errors) == (0, "")
    assert printed == f"The database is at schema {migrations.newest_revision()}.\n"


def test_a_role_that_may_make_no_tables_is_told_what_to_give_it(empty_database, tmp_path):
    with closing(psycopg2.connect(empty_database)) as connection, connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS stranger")
        cursor.execute("CREATE ROLE stranger LOGIN")
        connection.commit()
    theirs = str(make_url(empty_database).set(username="stranger"))
    told = in_this_process(["db", "upgrade"], variables(theirs, tmp_path))

    assert "permission denied for schema public" in told
    assert "Let Handrail's role own the database" in told


def test_who_waits_for_another_upgrade_says_so(empty_database, caplog):
    database, other = connect(empty_database), connect(empty_database)
    with ThreadPoolExecutor(1) as pool:
        with other.engine.begin() as connection:
            connection.execute(text(migrations.LOCK))
            waiting = pool.submit(migrations.upgrade, database)
            until(lambda: "Another process changes the schema" in caplog.text)
        waiting.result()
    migrations.check_models(database)
    database.close()
    other.close()
