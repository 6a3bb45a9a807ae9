"""The database itself refuses what the writer would never do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.builders import content, new_course, organization, server, walkthrough
from walkthroughs.publishing.create import create_unwritten

_NAMES = ("a", "b", "c", "d")
_EMPTY = "UPDATE walkthroughs SET first_step_id = NULL; DELETE FROM walkthrough_steps"
_INSERT = """
    INSERT INTO walkthrough_steps (id, organization_id, walkthrough_id, external_id, revision, title,
        content, predecessor_ids, created_at, display_order, next_step_id, archived_at)
    VALUES (:id, :org, :walkthrough, :id, 1, 'A', 'A', '[]', 1, :order, :next, :archived)
"""
_UPDATE = """
    UPDATE walkthrough_steps SET display_order = :order, next_step_id = :next, archived_at = :archived
     WHERE id = :id
"""


@dataclass(frozen=True)
class Chain:
    """The first step of a walkthrough, and by step: its order, its next one, is it archived."""

    first: str | None
    steps: dict[str, tuple[int, str | None, bool]]

    def is_one(self):
        """Whether the live steps are one chain from the first on, in their order."""
        left = {name for name, (_, _, is_archived) in self.steps.items() if not is_archived}
        at, last = self.first, -9
        while at is not None:
            if at not in left or self.steps[at][0] <= last:
                return False
            left.remove(at)
            last, at, _ = self.steps[at]
        return not left and not any(
            archived and following for _, following, archived in self.steps.values()
        )


def linked(names):
    """The chain of *names*."""
    following = dict(pairwise(names))
    return {name: (at, following.get(name), False) for at, name in enumerate(names)}


@st.composite
def chains(draw):
    """A chain, mostly with one thing that is not as it should be, or any links at all."""
    names = draw(st.permutations(_NAMES))[: draw(st.integers(0, 4))]
    name = st.none() | st.sampled_from(_NAMES)
    steps, first = linked(names), names[0] if names else None
    for each in draw(st.lists(st.sampled_from(names), max_size=2)) if names else ():
        order, following, is_archived = steps[each]
        match draw(st.integers(0, 3)):
            case 0:
                steps[each] = (draw(st.integers(-1, 4)), following, is_archived)
            case 1:
                steps[each] = (order, draw(name), is_archived)
            case 2:
                steps[each] = (order, following, True)
            case 3:
                first = draw(name)
    return Chain(first, steps)


def change(database, sql):
    with database.transaction() as session:
        session.execute(text(sql))


@pytest.fixture
def steps(database):
    with database.transaction() as session:
        new_course(session, content("one", "two", "three", "four"))
    return database


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(
            "UPDATE walkthrough_steps SET next_step_id = NULL WHERE external_id = 'two'",
            id="cut in two",
        ),
        pytest.param(
            "UPDATE walkthrough_steps SET next_step_id = (SELECT id FROM walkthrough_steps "
            "WHERE external_id = 'four') WHERE external_id = 'two'",
            id="a step that is next of two",
        ),
        pytest.param(
            "UPDATE walkthrough_steps SET next_step_id = (SELECT id FROM walkthrough_steps "
            "WHERE external_id = 'one') WHERE external_id = 'four'",
            id="a ring",
        ),
        pytest.param(
            "UPDATE walkthrough_steps a SET next_step_id = b.next_step_id FROM walkthrough_steps b"
            " WHERE (a.external_id, b.external_id) IN (('one', 'two'), ('two', 'one'))",
            id="a ring beside the chain",
        ),
        pytest.param(
            "UPDATE walkthrough_steps SET archived_at = 1 WHERE external_id = 'four'",
            id="an archived step on the chain",
        ),
        pytest.param(
            "UPDATE walkthroughs SET first_step_id = (SELECT id FROM walkthrough_steps "
            "WHERE external_id = 'two')",
            id="a first step that is second",
        ),
        pytest.param("UPDATE walkthroughs SET first_step_id = NULL", id="no first step"),
        pytest.param(
            "UPDATE walkthrough_steps SET display_order = 9 WHERE external_id = 'one'",
            id="an order against the chain",
        ),
        pytest.param("DELETE FROM walkthrough_steps WHERE external_id = 'two'", id="a hole"),
    ],
)
def test_the_database_refuses(steps, sql):
    with pytest.raises(IntegrityError):
        change(steps, sql)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=chains(), after=chains(), order=st.permutations(range(9)), is_first_last=st.booleans()
)
@example(  # a step before the first one
    Chain("b", linked("bc")), Chain("b", linked("bc") | {"a": (-1, "b", False)}), range(9), True
)
@example(Chain(None, {}), Chain(None, linked("a")), range(9), False)  # no first step
@example(  # before one that was archived
    Chain("a", linked("a") | {"c": (5, None, True)}),
    Chain("a", {"a": (0, "b", False), "b": (1, "c", False), "c": (5, None, True)}),
    range(9),
    False,
)
def test_the_database_takes_what_is_one_chain_and_nothing_else_however_it_is_written(
    chain_rows, before, after, order, is_first_last
):
    is_stored = chain_rows.write(Chain(None, {}), before, order, is_first_last)
    assert is_stored == before.is_one()
    if is_stored:
        assert chain_rows.write(before, after, order, is_first_last) == after.is_one()


@pytest.fixture
def chain_rows(database):
    with database.transaction() as session:
        org = organization(session).id
        row = create_unwritten(session, org, "A")
    return ChainRows(database, {"org": org, "walkthrough": row})


class ChainRows:
    """Rows of one walkthrough's steps."""

    def __init__(self, database, keys):
        self._database, self._keys = database, keys

    def write(self, before, after, order, is_first_last):
        """Write what differs, row by row in *order*; return whether the database took it."""
        if not before.steps:
            change(self._database, _EMPTY)
        names = sorted(before.steps.keys() | after.steps.keys())
        changed = [each for each in names if before.steps.get(each) != after.steps.get(each)]
        writes = [self._step(changed[at], before, after) for at in order if at < len(changed)]
        if before.first != after.first:
            first = ("UPDATE walkthroughs SET first_step_id = :first", {"first": after.first})
            writes.insert(len(writes) if is_first_last else 0, first)
        try:
            with self._database.transaction() as session:
                for sql, values in writes:
                    session.execute(text(sql), self._keys | values)
        except IntegrityError:
            return False
        return True

    def _step(self, name, before, after):
        if name not in after.steps:
            return "DELETE FROM walkthrough_steps WHERE id = :id", {"id": name}
        order, following, is_archived = after.steps[name]
        values = {"id": name, "order": order, "next": following}
        values["archived"] = 1 if is_archived else None
        return _UPDATE if name in before.steps else _INSERT, values


def test_a_reference_into_another_organization_is_refused(database):
    with database.transaction() as session:
        acme, other = organization(session, "acme"), organization(session, "other")
        foreign = walkthrough(session, other.id)
        own = server(session, acme.id)
        sql = (
            "INSERT INTO mcp_server_walkthroughs (id, organization_id, mcp_server_id,"
            " walkthrough_id, display_order, is_enabled, assigned_at)"
            f" VALUES ('msw_x', '{acme.id}', '{own.id}', '{foreign}', 0, true, 1)"
        )

    with pytest.raises(IntegrityError, match="fk_mcp_server_walkthroughs"):
        change(database, sql)


def test_deleting_an_organization_takes_all_that_is_its_own(steps):
    change(steps, "DELETE FROM organization")

    with steps.transaction() as session:
        left = session.scalar(text("SELECT count(*) FROM walkthrough_steps"))
    assert left == 0
