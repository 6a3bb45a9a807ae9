"""Why a database did not answer is told apart, and a line that comes often is written seldom."""

import logging

import psycopg2
import pytest
from psycopg2 import errors
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from walkthroughs import counted_log
from walkthroughs.counted_log import CountedLog
from walkthroughs.database import unavailable
from walkthroughs.database.unavailable import Cause, DatabaseUnavailable, unavailable_errors


@pytest.fixture(autouse=True)
def fresh_log(monkeypatch):
    monkeypatch.setattr(unavailable, "_log", CountedLog(logging.getLogger("database")))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (psycopg2.OperationalError("connection refused"), Cause.AWAY),
        (errors.DeadlockDetected(), Cause.DEADLOCK),
        (errors.DiskFull("could not extend file"), Cause.FULL),
        (errors.TooManyConnections(), Cause.TOO_MANY),
        (errors.QueryCanceled(), Cause.SLOW),
        (errors.LockNotAvailable(), Cause.SLOW),
        (OperationalError("SELECT", {}, errors.DeadlockDetected()), Cause.DEADLOCK),
        (OperationalError("INSERT", {}, errors.DiskFull()), Cause.FULL),
        (PoolTimeout(), Cause.BUSY),
        (TimeoutError(), Cause.SLOW),
    ],
)
def test_each_cause_is_told_apart_and_written_with_the_servers_own_words(error, reason, caplog):
    with pytest.raises(DatabaseUnavailable) as raised, unavailable_errors():
        raise error

    assert raised.value.reason is reason
    assert raised.value.is_deadlock is (reason is Cause.DEADLOCK)
    (line,) = caplog.messages
    assert line.startswith(reason)
    assert str(getattr(error, "orig", error)).strip() in line
    assert all(record.exc_info is None for record in caplog.records)


def test_what_is_no_trouble_of_the_database_passes():
    with pytest.raises(ZeroDivisionError), unavailable_errors():
        raise ZeroDivisionError


def test_a_line_is_written_once_a_minute_with_the_count_of_those_between(caplog, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(counted_log.time, "monotonic", lambda: now[0])
    log = CountedLog(logging.getLogger("x"))
    for second in (0, 1, 2, 59, 61, 62, 200):
        now[0] = float(second)
        log.write(logging.ERROR, "away", f"away at {second}")
        log.write(logging.ERROR, f"other{second}", "other")

    assert [line for line in caplog.messages if line.startswith("away")] == [
        "away at 0",
        "away at 61 (3 more since the last line)",
        "away at 200 (1 more since the last line)",
    ]
    assert caplog.messages.count("other") == 7
