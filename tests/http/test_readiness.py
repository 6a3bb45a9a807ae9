"""`/readyz` tells a proxy whether this release can work with the database as it is."""

import asyncio

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from walkthroughs.database.migrations import newest_revision
from walkthroughs.database.pool import connect
from walkthroughs.serving.probes import Probes


def ready(database):
    async def get():
        transport = httpx.ASGITransport(Starlette(routes=Probes(database).routes))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/readyz")

    answer = asyncio.run(get())
    return answer.status_code, answer.text


@pytest.fixture
def at_revision(database):
    """Return what says that the database is at a revision; it is put back."""

    def say(revision):
        with database.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})

    yield say
    say(newest_revision())


def test_a_database_at_the_schema_of_this_release_is_ready(database):
    assert ready(database) == (200, "ready\n")


def test_another_version_of_the_schema_is_told_with_what_to_do(database, at_revision):
    at_revision("0001")
    status, words = ready(database)
    assert status == 503
    assert "at schema 0001" in words
    assert f"needs {newest_revision()}. Run: flask db upgrade" in words

    at_revision("9999")
    status, words = ready(database)
    assert status == 503
    assert "at schema 9999, which this release does not know" in words


def test_a_database_that_is_away_is_told():
    away = connect("postgresql://nobody@127.0.0.1:9/nothing")
    status, words = ready(away)
    away.close()
    assert (status, words) == (503, "the database does not answer\n")
