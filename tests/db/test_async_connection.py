"""What the prepared connections bring to PostgreSQL and back."""

import asyncio
import json

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2 import errors
from sqlalchemy import text

from tests.waiting import until
from walkthroughs.database.pool import connect
from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.database.unavailable import DatabaseUnavailable

ECHO = Statement(
    "echo",
    ("text", "bigint", "boolean", "text[]", "text"),
    "SELECT $1, $2, $3, to_jsonb($4), to_json($1), convert_to($1, 'UTF8'), $2::text::name,"
    " $5 IS NULL, 7::smallint, 'in_progress'::walkthrough_status",
)
#: A key that is checked when the transaction ends, after the row has come.
TWICE = Statement("twice", ("text",), "INSERT INTO late (id) VALUES ($1), ($1) RETURNING id")
FAILING = Statement("failing", ("text",), "SELECT 1 / length($1)")
ARRAY = Statement("of_array", ("text",), "SELECT ARRAY[$1]")
WHO = Statement("who", ("int",), "SELECT pg_backend_pid() + $1")
SLEEP = Statement("sleep", ("int",), "SELECT pg_sleep($1)")

COUNT = Statement("count", ("int",), "SELECT count(*) + $1 FROM organization")

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


class Asked:
    """Prepared statements on a loop of their own, by the server or as behind a pooler."""

    def __init__(self, database, *statements):
        self.runner = asyncio.Runner()
        self.prepared = Prepared(database, statements, connections=1)

    def fetch(self, statement, *values):
        return self.runner.run(self._fetch(statement, values))

    async def _fetch(self, statement, values):
        return await self.prepared.fetch(statement, *values)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.prepared.close()
        self.runner.close()


@pytest.fixture(scope="module", params=["direct", "pooled"])
def echo(request, postgres):
    direct = postgres if request.param == "pooled" else None
    database = connect(postgres, direct_address=direct)
    with Asked(database, ECHO) as asked:
        yield asked
    database.close()


@given(texts, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.lists(texts, max_size=4))
def test_every_value_comes_back_as_it_was(echo, words, number, is_so, items):
    row = echo.fetch(ECHO, words, number, is_so, items, None)

    assert row == (
        words, number, is_so, items, words, words.encode(), str(number), True, 7, "in_progress",
    )  # fmt: skip
    assert [type(value) for value in row[:3]] == [str, int, bool]
    assert json.dumps(row[3]) == json.dumps(items)


@pytest.mark.parametrize("words", ["a\0b", "\ud800"])
def test_a_text_that_postgresql_cannot_hold_is_refused_whole(echo, words):
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        echo.fetch(ECHO, words, 1, True, [], None)
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        echo.fetch(ECHO, "", 1, True, [words], None)


def test_an_error_is_the_drivers_of_its_kind_and_the_next_statement_runs(database):
    with Asked(database, FAILING, ARRAY) as asked:
        with pytest.raises(TypeError, match="Return text, integers or JSON"):
            asked.fetch(ARRAY, "a")  # else it would be told as the text {a}
        with pytest.raises(errors.DivisionByZero, match="division by zero"):
            asked.fetch(FAILING, "")
        assert asked.fetch(FAILING, "a") == (1,)


def test_a_row_that_is_not_committed_after_all_is_not_told(database):
    with database.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE late (id text, UNIQUE (id) DEFERRABLE INITIALLY DEFERRED)"
        )
    try:
        with Asked(database, TWICE) as asked, pytest.raises(psycopg2.IntegrityError):
            asked.fetch(TWICE, "a")
    finally:
        with database.begin() as connection:
            connection.exec_driver_sql("DROP TABLE late")


def test_a_connection_that_postgresql_ended_is_replaced_by_another(database):
    with Asked(database, WHO, SLEEP) as asked:
        (first,) = asked.fetch(WHO, 0)
        end(database, first)
        (second,) = asked.fetch(WHO, 0)
        assert second != first

        with pytest.raises(DatabaseUnavailable):  # each time while it is at work
            asked.runner.run(ended_at_work(asked, database))
        (third,) = asked.fetch(WHO, 0)
        assert third != second


async def ended_at_work(asked, database):
    work = asyncio.create_task(asked.prepared.fetch(SLEEP, 60))
    while not work.done():
        await asyncio.to_thread(end_sleepers, database)
    return await work


def end(database, pid):
    with database.begin() as connection:
        connection.exec_driver_sql("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def end_sleepers(database):
    with database.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE query LIKE '%%pg_sleep($%%' AND pid <> pg_backend_pid()"
            " AND datname = current_database() AND state = 'active'"
        )


@pytest.mark.usefixtures("impatient_server")
def test_calls_that_waited_too_long_for_a_table_leave_nothing_at_work(database):
    def count_waiting(session):
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        return session.execute(text(waiting)).scalar_one()

    with database.transaction() as holder, Asked(database, COUNT) as asked:
        holder.execute(text("LOCK TABLE organization"))
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable):
                asked.fetch(COUNT, 1)
        until(lambda: count_waiting(holder) == 0)
