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

from app import create_app
from tests.waiting import PATIENCE
from walkthroughs.database import migrations
from walkthroughs.database.pool import connect

ROOT = Path(__file__).parents[2]


@pytest.fixture
def empty_database(postgres):
    """The address of a database without tables."""
    with closing(psycopg2.connect(postgres)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS fresh WITH (FORCE)")
            cursor.execute("CREATE DATABASE fresh")
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
        ("DATABASE_URL", "postgresql://nobody:wrong@127.0.0.1:1/none", "database cannot be used"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(tmp_path, variable, value, words):
    # In this process: that a command's error is all that a process prints is told above.
    given = variables("postgresql://127.0.0.1:1/none", tmp_path) | {variable: value}
    group = FlaskGroup(create_app=create_app)
    done = CliRunner().invoke(group, ["sync", "status"], env=given)

    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_processes_that_start_at_once_on_an_empty_database_all_find_its_tables(empty_database):
    databases = [connect(empty_database) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrations.upgrade, databases))

    migrations.check_models(databases[0])
    for database in databases:
        database.close()


def test_an_older_release_says_that_it_is_older(empty_database, tmp_path):
    database = connect(empty_database)
    migrations.upgrade(database)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    code, _, errors = flask(empty_database, tmp_path, "serve")

    assert code == 1
    assert errors.startswith("Error: The database is at schema 9999, which this release does not")
    assert len(errors.splitlines()) == 1
