"""Pages of numbers read events, counts and places by their indexes, however many there are."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from bench.history import fill
from tests.builders import content, organization, server, walkthrough
from walkthroughs.events import analytics, partitions, step_numbers
from walkthroughs.events.scope import Scope
from walkthroughs.ids import now_ms

#: A sequential scan of what grows; months that have nothing yet cost nothing.
_READS_ALL = (
    r"Seq Scan on (tool_events_[yd]\w*|event_days|server_days|walkthrough_progress|mcp_server_user)\b.*"
    r"\(cost=0\.00\.\.(?!0\.00 )"
)


@contextmanager
def asked(engine):
    """Yield the statements of the block, with their parameters."""
    found = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        found.append((statement, parameters))

    event.listen(engine, "after_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "after_cursor_execute", note)


def plans(database, questions):
    """Return the plan of each question that has one."""
    cursor = database.engine.raw_connection().cursor()
    for statement, parameters in questions:
        cursor.execute(f"EXPLAIN {statement}", parameters)
        yield statement, "\n".join(row[0] for row in cursor.fetchall())
    cursor.connection.rollback()


@pytest.fixture
def months(database):
    """Leave no partition behind of the months before this one."""
    yield
    partitions.maintain(database, 0)


def test_no_question_reads_all_events_or_all_places(database, months):
    with database.transaction() as session:
        acme, other = organization(session), organization(session, "other")
        offered = []
        for org in (acme, other):
            srv = server(session, org.id, org.slug)
            for number in range(8):
                wanted = content(*"abcdefgh", id=f"course-{number}")
                offered.append(walkthrough(session, org.id, wanted, server_id=srv.id))
        ids = acme.id, other.id, srv.id
    for number, org in enumerate(ids[:2]):
        assert fill(database, org, learners=900, days=400, share=0.5, prefix=f"h{number}") > 10_000
    today = datetime.now(UTC).date()
    everything = Scope(ids[0], today - timedelta(days=29), today)
    one = Scope(ids[0], today - timedelta(days=29), today, walkthrough_id=offered[0])
    with asked(database.engine) as questions, database.transaction() as session:
        for work in (
            analytics.read_days, analytics.read_walkthroughs, analytics.read_flow,
            analytics.count_learners, analytics.count_learner_days, analytics.read_servers,
            analytics.read_versions, analytics.read_feed,
        ):  # fmt: skip
            work(session, everything)
            work(session, one)
        for scope in (everything, one):
            analytics.count_active_now(session, scope, now_ms())
        numbers = step_numbers.read_steps(session, one, now_ms()).numbers
        assert analytics.has_any(session, ids[0])
        assert analytics.has_any(session, ids[0], offered[0])
    assert len(questions) >= 20
    assert numbers[0].reached > 10

    for statement, plan in plans(database, questions):
        assert not re.search(_READS_ALL, plan), f"{statement}\n{plan}"
