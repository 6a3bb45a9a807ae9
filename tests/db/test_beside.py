"""Whatever a learner does, every row of another learner, and of their other walkthroughs, stays."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.builders import content, learner
from tests.learners import CACHE, lea
from walkthroughs.learning import progress

__all__ = ["lea"]


@pytest.fixture
def beside(lea):
    """Max is where Lea is; another learner has started only; Lea has started something else."""
    with lea.database.transaction() as session:
        owner = lea.caller.organization_id
        people = [learner(session, owner, f"{name}@x.example").id for name in ("max", "mia")]
    other, first = lea.add_other(), lea.select().step.id
    lea.next(first)
    for person in people:
        who = replace(lea.caller, learner_id=person)
        progress.select(lea.database, CACHE, who, lea.row, resume=True)
    progress.advance(lea.database, CACHE, replace(lea.caller, learner_id=people[0]), first)
    progress.select(lea.database, CACHE, lea.caller, other, resume=True)
    return lea


def rows_of_others(learner_of):
    with learner_of.database.transaction() as session:
        query = text("""
            SELECT p::text FROM walkthrough_progress p
             WHERE NOT (mcp_server_user_id = :learner AND walkthrough_id = :row) ORDER BY 1""")
        keys = {"learner": learner_of.caller.learner_id, "row": learner_of.row}
        return session.scalars(query, keys).all()


def hurry(lea):
    lea.caller = replace(lea.caller, pace_seconds=100)
    view = progress.advance(lea.database, CACHE, lea.caller, lea.select().step.id)
    assert "Nothing moved" in view.notice


def finish(lea):
    view = lea.select()
    while view.step:
        view = lea.next(view.step.id)


def reset(lea):
    progress.reset(lea.database, CACHE, lea.caller, lea.row)


def reset_twice_with_nothing_done(lea):
    reset(lea)
    lea.select()
    reset(lea)


def go_on_after_an_edit(lea):
    lea.edit(content("one", "three"))
    lea.select()


@pytest.mark.parametrize(
    "act",
    [
        hurry,
        finish,
        reset,
        reset_twice_with_nothing_done,
        go_on_after_an_edit,
        lambda lea: lea.select(resume=False),
        lambda lea: lea.next(lea.status().steps[-1].id),
    ],
)
def test_nothing_of_anybody_else_changes(beside, act):
    before = rows_of_others(beside)
    assert len(before) == 3
    act(beside)
    assert rows_of_others(beside) == before
