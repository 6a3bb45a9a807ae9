"""Everything that is stored about one learner, as JSON, a piece at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, select
from sqlalchemy.orm import Session

from walkthroughs.identity.learner_rows import LEARNER_COLUMN, tables_of_learners
from walkthroughs.identity.learners import find_learner
from walkthroughs.models.events import tool_events, tool_events_incoming
from walkthroughs.models.oauth import OAuthGrant, OAuthToken
from walkthroughs.models.servers import McpServer, McpServerUser
from walkthroughs.models.sign_in import SignInCode
from walkthroughs.models.walkthroughs import Walkthrough, WalkthroughStep

#: One state of the database for all tables; PostgreSQL itself refuses to write.
SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_AT_ONCE = 200
#: What proves who somebody is: hashes of links, tokens, codes and cookies, and what codes wait for.
_SECRETS = ("hash", "secret", "challenge")
#: Columns whose values are ids that mean nothing to a person, and what gives them a name.
_NAMED = {
    "mcp_server_id": McpServer.name,
    "walkthrough_id": Walkthrough.title,
    "current_step_id": WalkthroughStep.title,
    "completed_steps": WalkthroughStep.title,
}


def export(session: Session, organization_id: str, named: str) -> Iterator[str]:
    """Yield the pieces of a JSON object: `learner`, the rows of each table, and `names` of the ids.

    Times are in UTC. Secrets are left out, also in the form in which they are stored. Rows are read
    as they are needed, from one snapshot: this begins the transaction of *session*.

    Raises:
        NotFound: the organization has no such learner. Nothing is yielded then.
    """
    session.connection(execution_options=SNAPSHOT)
    learner = find_learner(session, organization_id, named)
    ids: dict[str, set[str]] = {column: set() for column in _NAMED}
    own = McpServerUser.__table__
    (row,) = _rows(session, _rows_of(own, organization_id, own.c.id == learner.id), ids)
    yield f'{{\n"learner": {row}'
    for table, condition in _tables(learner):
        yield f',\n"{table.name}": ['
        found = _rows(session, _rows_of(table, organization_id, condition), ids)
        for number, row in enumerate(found):
            yield f"{',' if number else ''}\n{row}"
        yield "]"
    names = json.dumps(_names(session, organization_id, ids), ensure_ascii=False)
    yield f',\n"names": {names}\n}}\n'


def _tables(learner: McpServerUser) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Yield each table with rows about the learner, and which rows those are."""
    for table in tables_of_learners():
        yield table, table.c[LEARNER_COLUMN] == learner.id
    for table in (tool_events, tool_events_incoming):
        yield table, table.c[LEARNER_COLUMN] == learner.id
    codes, tokens = SignInCode.__table__, OAuthToken.__table__
    yield codes, codes.c.email == learner.email
    grants = select(OAuthGrant.id).where(
        OAuthGrant.organization_id == learner.organization_id,
        OAuthGrant.mcp_server_user_id == learner.id,
    )
    yield tokens, tokens.c.oauth_grant_id.in_(grants)


def _rows_of(table: Table, organization_id: str, condition: ColumnElement[bool]) -> Select[Any]:
    """Return the query for rows of the organization, without secrets."""
    columns = [column for column in table.c if _is_told(column)]
    own = table.c.organization_id == organization_id
    return select(*columns).where(own, condition).order_by(_order(table))


def _order(table: Table) -> Column[Any]:
    """Return the column to sort by: events have no id."""
    return table.c.id if "id" in table.c else table.c.occurred_at


def _rows(session: Session, query: Select[Any], ids: dict[str, set[str]]) -> Iterator[str]:
    """Yield each row as JSON; add to *ids* what names are needed for."""
    for row in session.execute(query, execution_options={"yield_per": _AT_ONCE}):
        facts = dict(row._mapping)
        for name, seen in ids.items():
            value = facts.get(name) or ()
            seen.update([value] if isinstance(value, str) else value)
        told = {name: _told(name, value) for name, value in facts.items()}
        yield json.dumps(told, ensure_ascii=False)


def _is_told(column: Column[Any]) -> bool:
    name = column.name
    return not any(word in name for word in _SECRETS) and name != "organization_id"


def _told(name: str, value: Any) -> Any:  # noqa: ANN401  a value of any column
    if isinstance(value, int) and name.endswith("_at"):
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else value


def _names(session: Session, organization_id: str, ids: dict[str, set[str]]) -> dict[str, str]:
    """Return what servers, walkthroughs and steps are called, by their ids."""
    names: dict[str, str] = {}
    for column, title in _NAMED.items():
        table, wanted = title.class_, sorted(ids[column])
        for start in range(0, len(wanted), _AT_ONCE):
            query = select(table.id, title).where(
                table.organization_id == organization_id,
                table.id.in_(wanted[start : start + _AT_ONCE]),
            )
            names |= {row.id: row[1] for row in session.execute(query)}
    return names
