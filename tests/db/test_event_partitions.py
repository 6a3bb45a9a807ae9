"""Months of events are made ahead and dropped when they are old; nothing waits for them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tests.builders import organization
from tests.events import miscounted, move_all
from tests.turns import take_turns
from walkthroughs.events import partitions
from walkthroughs.events.partitions import maintain, month_at, name_of, start_ms

_PARTITIONS = """
    SELECT tableoid::regclass::text, count(*) FROM tool_events GROUP BY 1 ORDER BY 1
"""
_ADD = """
    INSERT INTO tool_events_incoming (occurred_at, organization_id, mcp_server_id, walkthrough_id,
        version, kind) VALUES (:at, :org, 'srv', 'wt', 1, 'step')
"""


def ms(year, month, day=15):
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000


@pytest.fixture
def months(database):
    """No month has a partition, before and after."""
    with database.transaction() as session:
        acme = organization(session).id
    drop_all(database)
    yield Months(database, acme)
    drop_all(database)


def drop_all(database):
    with database.begin() as connection:
        connection.execute(text("DELETE FROM tool_events"))
        for month in partitions._months(connection):
            connection.execute(text(f"DROP TABLE {name_of(month)}"))


class Months:
    def __init__(self, database, acme):
        self.database, self.acme = database, acme

    def add(self, *times):
        with self.database.begin() as connection:
            for at in times:
                connection.execute(text(_ADD), {"at": at, "org": self.acme})
        move_all(self.database)

    def names(self):
        with self.database.begin() as connection:
            return sorted(map(name_of, partitions._months(connection)))

    def held(self):
        with self.database.begin() as connection:
            assert miscounted(connection) == []
            return dict(tuple(row) for row in connection.execute(text(_PARTITIONS)))

    @contextmanager
    def indexed_only(self):
        with self.database.begin() as connection:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            yield connection


@given(st.integers(0, 253_402_300_799_999))
def test_each_moment_until_the_year_9999_is_in_its_month(at_ms):
    month = month_at(at_ms)

    assert start_ms(month) <= at_ms < start_ms(month + 1) if month < 9999 * 12 + 11 else True
    assert partitions.is_partition(name_of(month))
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    assert name_of(month) == f"tool_events_y{at:%Y}m{at:%m}"


def test_this_month_and_the_next_two_are_made_once(months):
    assert maintain(months.database, 13, ms(2026, 11))
    assert maintain(months.database, 13, ms(2026, 11))
    made = ["tool_events_y2026m11", "tool_events_y2026m12", "tool_events_y2027m01"]
    assert months.names() == made

    assert maintain(months.database, 13, ms(2026, 12))
    assert months.names() == [*made, "tool_events_y2027m02"]


def test_events_of_a_month_without_partition_are_kept_and_go_there_when_it_is_made(months):
    months.add(ms(2026, 11), ms(2026, 11), ms(2027, 1), ms(2031, 5))
    assert months.held() == {"tool_events_default": 4}

    maintain(months.database, 13, ms(2026, 11))
    assert months.held() == {
        "tool_events_default": 1, "tool_events_y2026m11": 2, "tool_events_y2027m01": 1,
    }  # fmt: skip
    months.add(ms(2026, 12))
    assert months.held()["tool_events_y2026m12"] == 1


def test_whole_months_are_kept_as_many_as_are_asked_for_and_the_counts_by_day_for_ever(months):
    maintain(months.database, 2, ms(2026, 8))
    months.add(ms(2025, 1), *(ms(2026, month, 1) for month in (8, 9, 10)))
    assert maintain(months.database, 2, ms(2026, 11))
    assert months.names()[0] == "tool_events_y2026m09"

    with months.database.begin() as connection:
        left = connection.execute(text("SELECT count(*) FROM tool_events")).scalar()
        days = connection.execute(text("SELECT count(*) FROM event_days")).scalar()
    assert (left, days) == (2, 4)


def test_months_are_left_alone_while_another_process_moves_events(months):
    months.add(ms(2026, 11))

    def moving():
        with months.database.begin() as connection:
            return partitions.try_turn(connection)

    turns = take_turns(
        months.database,
        moving,
        lambda: maintain(months.database, 13, ms(2026, 11)),
        pause_after="pg_try_advisory_xact_lock",
    )
    assert (turns.waited, turns.second.result(), months.names()) == (False, False, [])


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT * FROM tool_events WHERE organization_id = 'o' ORDER BY occurred_at DESC LIMIT 50",
            "organization_id_occurred_at",
        ),
        (
            "SELECT step_ms FROM tool_events WHERE step_id = 's' AND step_ms IS NOT NULL"
            " ORDER BY occurred_at DESC LIMIT 1000",
            "step_id_occurred_at",
        ),
        (
            "SELECT from_walkthrough_id, walkthrough_id, count(*) FROM tool_events"
            " WHERE organization_id = 'o' AND kind = 'started' AND occurred_at > 5 GROUP BY 1, 2",
            "organization_id_occurred_at_walkthrough_id",
        ),
    ],
)
def test_each_question_of_pages_has_its_index(months, query, index):
    maintain(months.database, 13, ms(2026, 11))
    with months.indexed_only() as connection:
        plan = "\n".join(connection.execute(text(f"EXPLAIN {query}")).scalars())

    assert "Seq Scan" not in plan
    assert index in plan
