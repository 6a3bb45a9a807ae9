"""What a learner's call costs, alone and beside others."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import UniqueConstraint, event, text

from tests.builders import content, learner, new_course, walkthrough
from tests.learners import CACHE, lea
from tests.wire import sent_by
from walkthroughs.database.prepared import Prepared
from walkthroughs.learning import answers, progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.learning.fast_path import ADVANCE, advance_fast
from walkthroughs.learning.visibility import DIGEST
from walkthroughs.models import WalkthroughProgress

__all__ = ["lea"]


def test_an_ordinary_step_is_one_round_trip(lea):
    one = lea.select().step.id
    asked = []

    async def two_steps():
        prepared = Prepared(lea.database, (ADVANCE,), connections=1)
        first = await advance_fast(prepared, lea.caller, one)  # opens the connection
        event.listen(lea.database.engine, "checkout", lambda *_: asked.append("the pool"))
        with sent_by(prepared) as sent:
            second = await advance_fast(prepared, lea.caller, first.current_step_id)
        asked.extend(sent)
        prepared.close()
        return answers.cached_view(CACHE, second)

    view = asyncio.run(two_steps())

    assert view.step.title == "Three"
    assert asked == ["handrail_advance", "Sync"]


def test_no_index_has_a_column_that_a_step_call_changes():
    table = WalkthroughProgress.__table__
    changed = set(re.findall(r"(\w+) = ", ADVANCE.sql.partition("FROM")[0].replace("\n", " ")))
    keys = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    indexed = {column.name for each in (*table.indexes, *keys) for column in each.columns}

    assert {"completed_steps", "current_step_id", "active_at", "hurried_calls"} <= changed
    assert not indexed & changed  # so each update stays in its place


def test_the_short_way_answers_as_the_rules_do(lea, database):
    one = lea.select().step.id
    by_rules = lea.next(one)
    lea.select(resume=False)

    async def shortly():
        prepared = Prepared(database, (ADVANCE,), connections=1)
        moved = await advance_fast(prepared, lea.caller, one)
        repeated = await advance_fast(prepared, lea.caller, one)
        prepared.close()
        return answers.cached_view(CACHE, moved), repeated

    assert asyncio.run(shortly()) == (by_rules, None)


@pytest.mark.behaviour("B1")
def test_thirty_learners_twenty_equal_calls_each_move_once(lea):
    caller = lea.caller
    with lea.database.transaction() as session:
        people = [
            Caller(
                caller.organization_id,
                caller.server_id,
                learner(session, caller.organization_id, f"{n}@x.example").id,
            )
            for n in range(30)
        ]
    starts = [
        progress.select(lea.database, CACHE, who, lea.row, resume=True).step.id for who in people
    ]
    calls = [(who, first) for who, first in zip(people, starts, strict=True) for _ in range(20)]
    with ThreadPoolExecutor(lea.database.pool_size) as pool:
        views = list(
            pool.map(
                lambda call: progress.advance(lea.database, CACHE, call[0], call[1]),
                calls,
            )
        )

    assert {view.step.title for view in views} == {"Two"}
    with lea.database.transaction() as session:
        lengths = session.scalars(
            text("SELECT jsonb_array_length(completed_steps) FROM walkthrough_progress")
        ).all()
    assert sorted(lengths) == [1] * 30


def test_two_that_start_over_at_once_do_not_wait_for_each_other_for_ever(database):
    with database.transaction() as session:
        caller, first = new_course(session)
        other = content("uno", "dos", id="other")
        second = walkthrough(session, caller.organization_id, other, server_id=caller.server_id)

    def restart(order):
        views = [
            progress.select(database, CACHE, caller, order[number % 2], resume=False)
            for number in range(60)
        ]
        return {view.progress.completed_steps for view in views}

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(restart, ((first, second), (second, first))))

    assert done == [{0}, {0}]


def test_no_call_reads_the_texts_of_a_version_that_is_in_memory(lea):
    one, statements = lea.select().step.id, []
    event.listen(
        lea.database.engine, "before_cursor_execute", lambda *call: statements.append(call[2])
    )
    lea.select()
    lea.next(one)
    lea.status()

    assert statements
    assert not [sql for sql in statements if "s.content" in sql]


def test_the_memory_for_versions_is_bounded_by_their_texts(lea):
    with lea.database.engine.connect() as connection:
        owner = lea.caller.organization_id
        live = connection.execute(text(f"SELECT version, {DIGEST} FROM walkthroughs w")).one()
        small, large = ContentCache(max_bytes=10), ContentCache()
        for cache in (small, large):
            assert cache.load(connection, owner, lea.row, *live) is not None

    assert small.get(lea.row, *live) is small.latest(lea.row) is None
    assert large.get(lea.row, *live) is large.latest(lea.row) is not None
