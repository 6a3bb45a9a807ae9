"""A database that refuses connections for a while: a real one, told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from walkthroughs.database.pool import driver_url


@contextmanager
def connections_refused(url: str) -> Iterator[None]:
    """While the block runs, end every connection to the database at *url* and refuse new ones."""
    address = driver_url(url).set(drivername="postgresql")
    other = address.set(database="template1").render_as_string(hide_password=False)
    connection = psycopg2.connect(other)
    connection.autocommit = True
    name = address.database or "postgres"
    cursor = connection.cursor()
    try:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        yield
    finally:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        connection.close()
