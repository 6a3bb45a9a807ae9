"""What is measured while learners grow: each tool, each page of the dashboard, a sync's plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from bench.growth_seed import token_of
from sync.planning import learner_counts
from sync.planning.plan import Archive, Change, Live
from walkthroughs.content.values import Outline
from walkthroughs.crypto import hash_token
from walkthroughs.database.pool import Database
from walkthroughs.database.prepared import Statement
from walkthroughs.ids import now_ms
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.fast_path import ADVANCE
from walkthroughs.mcp_server import tools
from walkthroughs.mcp_server.tenant import FIND_TENANT
from walkthroughs.publishing.learner_counts import count_done, count_finished, learners_by_step

#: The learner who calls the tools.
CALLER = "msu77"
_ROOM = "/o/bench/admin"
_LEARNER = "msu5"
_PAGES = (
    "/walkthroughs/",
    "/walkthroughs/?sort=learners",
    "/walkthroughs/?q=step+7",
    "/walkthroughs/?state=live&server=bench1",
    "/walkthroughs/wt7/",
    "/walkthroughs/wt7/history/",
    "/learners/",
    "/learners/?page=50",
    "/learners/?q=learner77",
    "/learners/?walkthrough=wt7",
    f"/learners/{_LEARNER}/",
    "/servers/",
    "/servers/bench1/",
    "/analytics/",
    "/analytics/?days=365",
    "/analytics/walkthroughs/wt7/",
    "/audit/",
    "/members/",
    "/git/",
    "/tables/walkthrough_progress/",
    "/tables/walkthrough_progress/?page=100",
    "/tables/walkthrough_attempts/",
    "/tables/mcp_server_user/",
    "/tables/mcp_server_user/?search=learner77",
    "/tables/personal_links/",
    "/tables/personal_links/?search=learner77",
    "/tables/oauth_grants/",
    "/tables/walkthroughs/",
    "/tables/walkthrough_steps/",
    "/tables/mcp_server_walkthroughs/",
    "/tables/sync_runs/",
    "/learners/?status=in_progress",
    "/learners/?status=completed",
    "/learners/?status=none",
    "/learners/?since=1",
    "/learners/?since=30",
    "/learners/?server=bench1&status=in_progress&since=30",
)


@dataclass(frozen=True, slots=True)
class Case:
    """Something to do again and again, which costs the same each time."""

    name: str
    work: Callable[[], object]


def page_cases(owner: FlaskClient) -> Iterator[Case]:
    """Yield the pages, as a signed-in owner opens them."""
    for path in _PAGES:
        yield Case(path, partial(_get, owner, f"{_ROOM}{path}"))


def _get(owner: FlaskClient, path: str) -> None:
    answer = owner.get(path)
    assert answer.status_code == 200, (path, answer.status_code)


def tool_cases(database: Database) -> Iterator[Case]:
    """Yield the tools, as a learner with ten walkthroughs calls them, and what a plan counts."""
    caller = Caller("o", "srv1", CALLER, link_hash=hash_token(token_of(77)))
    cache = ContentCache()
    _start(database)

    def call(name: str, **given: Any) -> None:  # noqa: ANN401  JSON
        answer = tools.call(database, cache, caller, name, given)
        assert not answer.is_error, answer

    yield Case("who calls", lambda: _run(database, FIND_TENANT, "bench1", None, caller.link_hash,
                                         None, now_ms()))  # fmt: skip
    yield Case("list_walkthroughs", lambda: call("list_walkthroughs"))
    yield Case("list_walkthroughs, words", lambda: call("list_walkthroughs", query="walkthrough"))
    yield Case("select_walkthrough", lambda: call("select_walkthrough", walkthrough_id="wt1"))
    yield Case("get_walkthrough_status",
               lambda: call("get_walkthrough_status", walkthrough_id="wt1"))  # fmt: skip
    yield Case("the ordinary step", partial(_step, database, caller))
    yield Case("a step by the rules", partial(_step_by_rules, database, call))
    yield Case("a repeated step",
               lambda: call("next_walkthrough_step", current_step_id="ws1_0"))  # fmt: skip
    yield from _plan_cases(database)


def _plan_cases(database: Database) -> Iterator[Case]:
    archive = Archive(Live("wt7", Outline("w7", "W", ""), 2, is_published=True))

    def in_session(work: Callable[..., object], *given: object) -> None:
        with database.transaction() as session:
            work(session, "o", *given)

    changes: list[Change] = [archive]
    for name, work, given in (
        ("plan of a sync: who is active", learner_counts.count_active, changes),
        ("plan of a sync: where learners are", learner_counts.count_by_step, changes),
        ("plan of a draft: where learners are", learners_by_step, ["wt7"]),
        ("plan of a draft: who has finished", count_finished, "wt7"),
    ):
        yield Case(name, partial(in_session, work, given))
    yield Case("plan of a draft: who has done a step",
               partial(in_session, count_done, "wt7", ["ws7_3"]))  # fmt: skip


_RESET = text(
    """
    UPDATE walkthrough_progress SET completed_steps = '["ws1_0"]', current_step_id = 'ws1_1',
           status = 'in_progress', completed_at = NULL, version = 2, active_at = 0
     WHERE organization_id = 'o' AND mcp_server_user_id = :caller AND walkthrough_id = 'wt1'
    """
)
_BEGIN = text(
    """
    INSERT INTO walkthrough_progress (id, organization_id, mcp_server_user_id, walkthrough_id,
        mcp_server_id, current_step_id, status, completed_steps, started_at, version, active_at)
    VALUES ('wpcaller', 'o', :caller, 'wt1', 'srv1', 'ws1_1', 'in_progress', '["ws1_0"]', 0, 2, 0)
    ON CONFLICT DO NOTHING
    """
)


def _start(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(_BEGIN, {"caller": CALLER})
        connection.execute(_RESET, {"caller": CALLER})
        connection.execute(text("DELETE FROM tool_events_incoming"))


def _run(database: Database, statement: Statement, *values: object) -> tuple[Any, ...] | None:
    given = {f"p{number}": value for number, value in enumerate(values, 1)}
    with database.autocommit() as connection:
        row = connection.exec_driver_sql(statement.unprepared, given).first()
    return tuple(row) if row else None


def _step(database: Database, caller: Caller) -> None:
    """Take an ordinary step, and go back for the next time."""
    row = _run(database, ADVANCE, "o", caller.learner_id, "srv1", "ws1_1", now_ms(), 0,
               caller.link_hash, None)  # fmt: skip
    assert row is not None
    _reset(database)


def _step_by_rules(database: Database, call: Callable[..., None]) -> None:
    call("next_walkthrough_step", current_step_id="ws1_1")
    _reset(database)


def _reset(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(_RESET, {"caller": CALLER})
        connection.execute(text("TRUNCATE tool_events_incoming"))
