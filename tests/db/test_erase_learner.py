"""An erased learner leaves counts, and nothing that says whose they are."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from tests.builders import learner, organization
from tests.learners import Learner, lea
from tests.turns import take_turns
from walkthroughs.enums import ProgressStatus
from walkthroughs.errors import NotFound, NothingStarted
from walkthroughs.identity import learner_sessions, learners
from walkthroughs.identity.erasing import erase
from walkthroughs.identity.links import create_link
from walkthroughs.models import (
    Base,
    McpServerUser,
    SignInCode,
    WalkthroughAttempt,
    WalkthroughProgress,
)

__all__ = ["lea"]
LEA = "lea@x.example"
DAY_MS = 24 * 3600 * 1000


def erase_lea(lea, named=LEA, organization_id=None):
    with lea.database.transaction() as session:
        return erase(session, organization_id or lea.caller.organization_id, named)


def walk(lea, steps):
    view = lea.select()
    for _ in range(steps):
        view = lea.next(view.step.id)


def step_of_one_statement(lea, step_id):
    """Take a step as the ordinary call does, which locks nothing but the place."""
    with lea.database.transaction() as session:
        done = text("UPDATE walkthrough_progress SET completed_steps = jsonb_build_array(:id)")
        session.execute(done, {"id": step_id})


def all_text(lea):
    """All rows of all tables, as one text."""
    with lea.database.transaction() as session:
        return "\n".join(
            row
            for name in Base.metadata.tables
            for row in session.scalars(text(f'SELECT t::text FROM "{name}" t'))
        )


def test_counts_of_starts_completions_and_steps_stay_and_nothing_names_the_learner(lea):
    walk(lea, 3)
    lea.select(resume=False)
    walk(lea, 1)
    org = lea.caller.organization_id
    with lea.database.transaction() as session:
        create_link(session, "acme", LEA)
        learner_sessions.begin(session, org, lea.caller.learner_id)
        code = SignInCode(organization_id=org, mcp_server_id=lea.caller.server_id, email=LEA,
                          code_hash="c", browser_hash="b", expires_at=10**15)  # fmt: skip
        session.add(code)
        ids = session.scalars(
            select(WalkthroughProgress.id).union(select(WalkthroughAttempt.id))
        ).all()
    assert erase_lea(lea) == 2
    left = all_text(lea)
    with lea.database.transaction() as session:
        totals = session.scalars(select(WalkthroughAttempt)).all()
        facts = sorted(
            (len(each.completed_steps), each.completed_at is not None) for each in totals
        )
        times = {each.started_at % DAY_MS + each.ended_at % DAY_MS for each in totals}
        places = session.scalar(select(func.count()).select_from(WalkthroughProgress))

    assert facts == [(1, False), (3, True)]
    assert (times, places) == ({0}, 0)
    assert [each for each in (LEA, lea.caller.learner_id, *ids) if each in left] == []


def test_the_totals_of_several_learners_are_nobodys_and_no_learner_of_any_list(lea):
    walk(lea, 1)
    with lea.database.transaction() as session:
        who = learner(session, lea.caller.organization_id, "max@x.example").id
    other = Learner(lea.database, replace(lea.caller, learner_id=who), lea.row)
    walk(other, 2)
    assert erase_lea(lea) == 1
    assert other.select().step.title == "Three"
    given_up = Learner(lea.database, other.caller, lea.add_other())
    walk(given_up, 1)
    with lea.database.transaction() as session:  # its completions belong to a walkthrough elsewhere
        place = select(WalkthroughProgress).filter_by(walkthrough_id=given_up.row)
        session.scalars(place).one().status = ProgressStatus.NOT_STARTED
    assert erase_lea(lea, "max@x.example") == 1
    with lea.database.transaction() as session:
        owners = session.scalars(select(WalkthroughAttempt.mcp_server_user_id)).all()
        listed = learners.list_learners(session, lea.caller.organization_id, limit=9)
        with pytest.raises(NotFound):
            learners.find_learner(session, lea.caller.organization_id, learners.ERASED)
        with pytest.raises(NotFound):
            learners.find_learner(session, lea.caller.organization_id, owners[0])

    assert len(owners) == 2
    assert len(set(owners)) == 1
    assert listed == ([], 0)


def test_who_started_nothing_leaves_nothing(lea):
    assert erase_lea(lea, f" {LEA.upper()} ") == 0
    with lea.database.transaction() as session:
        assert session.scalars(select(McpServerUser)).all() == []


def test_a_learner_of_another_organization_is_not_found(lea):
    with lea.database.transaction() as session:
        other = organization(session, "other").id
    for named in (LEA, lea.caller.learner_id):
        with pytest.raises(NotFound, match="has no learner"):
            erase_lea(lea, named, other)
    assert lea.select().step.title == "One"


@pytest.mark.parametrize("step", [Learner.next, step_of_one_statement])
def test_a_step_that_is_on_the_way_is_counted_and_a_later_one_changes_nothing(lea, step):
    first = lea.select().step.id
    turns = take_turns(lea.database, lambda: step(lea, first), lambda: erase_lea(lea))
    with lea.database.transaction() as session:
        totals = session.scalars(select(WalkthroughAttempt.completed_steps)).all()

    assert turns.waited
    assert (turns.second.result(), totals) == (1, [[first]])
    with pytest.raises(NothingStarted):
        lea.select()
