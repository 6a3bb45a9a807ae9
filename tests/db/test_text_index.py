"""Words of what is published are noted afterwards, and never those of another version."""

import threading
from dataclasses import replace

from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from sync.worker import run_worker
from tests.builders import content, organization, walkthrough
from tests.waiting import until
from walkthroughs.content.text_words import sought, text_words
from walkthroughs.content.values import StepContent, WalkthroughContent
from walkthroughs.models import SearchWords
from walkthroughs.publishing import text_index, writer
from walkthroughs.publishing.origin import Origin


def noted(database):
    with database.transaction() as session:
        row = session.query(SearchWords).one()
        return row.version, row.words


def test_what_is_published_is_noted_once_and_again_after_the_next_version(database):
    with database.transaction() as session:
        org = organization(session, "acme").id
        row = walkthrough(session, org, content(title="Quinces"))
    assert noted(database) == (1, None)
    assert text_index.note_words(database, 9) == 1
    assert "'quinces'" in noted(database)[1]
    assert text_index.note_words(database, 9) == 0

    with database.transaction() as session:
        writer.change(session, org, row, lambda live: replace(live, title="Pears"), Origin())
    assert noted(database) == (2, None)
    with database.transaction() as session:  # somebody who began before that version
        text_index._note(session, org, row, 1)
    assert noted(database) == (2, None)
    assert text_index.note_words(database, 9) == 1
    assert "'pears'" in noted(database)[1]
    assert "'quinces'" not in noted(database)[1]


def test_the_worker_notes_what_is_published(database, settings):
    with database.transaction() as session:
        org = organization(session, "acme").id
        walkthrough(session, org, content())
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(database, settings, stop))
    worker.start()
    try:
        until(lambda: noted(database)[1] is not None)
    finally:
        stop.set()
        worker.join()


def test_each_walkthrough_has_its_own_words(database):
    with database.transaction() as session:
        org = organization(session, "acme").id
        rows = [walkthrough(session, org, content(word, id=word)) for word in ("quince", "medlar")]
    assert text_index.note_words(database, 9) == 2

    with database.transaction() as session:
        words = dict(
            session.execute(text("SELECT walkthrough_id, words::text FROM search_words")).all()
        )
    assert ["quince" in words[row] for row in rows] == [True, False]
    assert ["medlar" in words[row] for row in rows] == [False, True]


def test_a_walkthrough_that_is_deleted_meanwhile_is_passed_over(database):
    with database.transaction() as session:
        org = organization(session, "acme").id
        row = walkthrough(session, org, content())
    with database.transaction() as session:
        session.execute(text("DELETE FROM walkthroughs"))
    with database.transaction() as session:
        session.execute(text("SET session_replication_role = replica"))
        session.add(SearchWords(organization_id=org, walkthrough_id=row, version=1))
    with database.transaction() as session:
        session.execute(text("SET session_replication_role = origin"))

    assert text_index.note_words(database, 9) == 1


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
@example("ႂမီး")  # signs of a script without blanks
def test_postgresql_takes_all_words_as_they_are(database, written):
    words = text_words(WalkthroughContent("w", "", steps=(StepContent("s", "", written),)))
    query = text("SELECT CAST(:words AS tsvector) @@ CAST(:sought AS tsquery), length(CAST(:words AS tsvector))")  # fmt: skip
    with database.engine.connect() as connection:
        found, length = connection.execute(
            query, {"words": words, "sought": sought(written) or ""}
        ).one()

    assert found is (sought(written) is not None)
    assert length == len(words.split())
