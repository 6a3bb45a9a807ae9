"""Rows by COPY hold what an insert would have stored."""

import pytest
from sqlalchemy import create_engine, text

from tests.builders import content, organization, step, walkthrough
from walkthroughs.database import migrations
from walkthroughs.database.pool import connect, driver_url
from walkthroughs.publishing import read

AWKWARD = "Caf\u00e9: a\\b\tc, \\N and \\. and a \u00a3;\n\nnext line"


@pytest.fixture
def latin(postgres):
    """A database that keeps its texts in another encoding."""
    url = driver_url(postgres)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        )
    opened = connect(url.set(database="latin").render_as_string(hide_password=False))
    migrations.upgrade(opened)
    yield opened
    opened.close()
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE latin WITH (FORCE)"))
    engine.dispose()


@pytest.mark.parametrize("name", ["database", "latin"])
def test_texts_are_stored_as_they_are_in_every_encoding(request, name):
    stored = request.getfixturevalue(name)
    wanted = content(
        id="tea", title="Caf\u00e9", steps=(step("one", content=AWKWARD),), tags=("th\u00e9",)
    )
    with stored.transaction() as session:
        owner = organization(session).id
        row = walkthrough(session, owner, wanted)
    with stored.transaction() as session:
        assert read.read_content(session, owner, row) == wanted
