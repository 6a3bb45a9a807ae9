"""Insert many rows with PostgreSQL's COPY."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence

import psycopg2
from psycopg2.extensions import connection as Connection
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

_READ_BYTES = 64 * 1024


def insert_rows(session: Session, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Store *rows* in the session's transaction.

    All rows have the columns of the first one. Defaults of the model are not
    applied. Values are texts, whole numbers, booleans, none, and lists and
    dictionaries, which become JSON.

    Raises:
        sqlalchemy.exc.IntegrityError: as an insert does.
    """
    if not rows:
        return
    names = list(rows[0])
    lines = io.BytesIO()
    for row in rows:
        lines.write(("\t".join([_field(row[name]) for name in names]) + "\n").encode())
    lines.seek(0)
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    try:
        connection = session.connection().connection.driver_connection
        assert isinstance(connection, Connection)  # noqa: S101  the only driver there is
        with connection.cursor() as cursor:
            cursor.copy_expert(statement, lines, _READ_BYTES)
    except psycopg2.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg2.Error) from error


def _field(value: object) -> str:
    """Return a value in COPY's text format."""
    if value is None:
        return "\\N"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
    text = text.replace("\\", "\\\\")
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
