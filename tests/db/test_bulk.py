"""Rows by COPY hold what an insert would have stored."""

from operator import itemgetter

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import IntegrityError

from tests.builders import content, organization, step, walkthrough
from walkthroughs.database import bulk_copy, migrations
from walkthroughs.database.pool import connect, driver_url
from walkthroughs.models import Organization, Walkthrough
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


def test_values_of_every_type_are_stored_as_an_insert_would(database):
    """Nothing, numbers of both sizes, yes and no, and JSON, at both ends of what they may be."""
    rows = [
        {
            "id": name,
            "organization_id": "o",
            "created_at": number,
            "updated_at": -number,
            "external_id": name,
            "title": "",
            "description": None,
            "version": number % 2**31,
            "is_published": number > 0,
            "tags": ["th\u00e9", {"a": None, "b": [1, True]}, AWKWARD],
            "digest": "d" * 70_000,
        }
        for name, number in (("wt_most", 2**63 - 1), ("wt_least", -(2**63 - 1)))
    ]
    with database.transaction() as session:
        session.add(Organization(id="o", slug="o", name="O"))
        session.flush()
        bulk_copy.insert_rows(session, Walkthrough.__table__, rows)
        bulk_copy.insert_rows(session, Walkthrough.__table__, [])
    with database.transaction() as session:
        columns = [Walkthrough.__table__.c[name] for name in rows[0]]
        stored = session.execute(select(*columns)).mappings().all()
        assert sorted(map(dict, stored), key=itemgetter("id")) == sorted(rows, key=itemgetter("id"))
        with pytest.raises(IntegrityError, match="pk_walkthroughs"):
            bulk_copy.insert_rows(session, Walkthrough.__table__, rows)
        session.rollback()
