"""The order of what a server offers, when people change it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from tests.builders import content, organization, server, walkthrough
from walkthroughs.errors import NotFound
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.catalog import list_walkthroughs
from walkthroughs.models import AuditEvent, McpServerWalkthrough
from walkthroughs.publishing import assignments
from walkthroughs.publishing.assignments import moved


@given(st.lists(st.integers(), unique=True, min_size=1).flatmap(
    lambda order: st.tuples(
        st.just(order), st.sampled_from(order), st.sampled_from([None, *order])
    )
))  # fmt: skip
def test_a_move_puts_one_behind_another_and_leaves_the_order_of_the_rest(given_):
    order, name, after = given_
    new = moved(order, name, after)
    assert sorted(new) == sorted(order)
    assert [each for each in new if each != name] == [each for each in order if each != name]
    if after is None:
        assert new[0] == name
    elif after != name:
        assert new[new.index(name) - 1] == after


@pytest.fixture
def shelf(database):
    with database.transaction() as session:
        org = organization(session)
        srv = server(session, org.id)
        rows = [
            walkthrough(session, org.id, content(id=name, title=name), server_id=srv.id)
            for name in "abcd"
        ]
    return org.id, srv.id, dict(zip("abcd", rows, strict=True))


def titles(database, shelf):
    caller = Caller(shelf[0], shelf[1])
    return "".join(card.title for card in list_walkthroughs(database, caller).cards)


def change(database, shelf, write, name, *rest, **named):
    org, srv, rows = shelf
    with database.transaction() as session:
        return write(session, org, srv, rows[name], *rest, **named)


def test_learners_see_the_order_that_moves_make_and_a_move_can_be_taken_back(database, shelf):
    rows = shelf[2]
    assert change(database, shelf, assignments.move, "a", rows["c"]) is None
    assert titles(database, shelf) == "bcad"
    stood_behind = change(database, shelf, assignments.move, "d", None)
    assert titles(database, shelf) == "dbca"
    change(database, shelf, assignments.move, "d", stood_behind)
    assert titles(database, shelf) == "bcad"


def test_what_is_switched_off_keeps_its_place_and_what_is_new_comes_last(database, shelf):
    change(database, shelf, assignments.switch, "b", is_enabled=False)
    assert titles(database, shelf) == "acd"
    change(database, shelf, assignments.switch, "b", is_enabled=True)
    change(database, shelf, assignments.unassign, "a")
    assert titles(database, shelf) == "bcd"
    with database.transaction() as session:
        assignments.assign(session, *shelf[:2], [shelf[2]["a"]])
    assert titles(database, shelf) == "bcda"


def test_a_move_beside_what_is_gone_is_refused(database, shelf):
    change(database, shelf, assignments.unassign, "b")
    for name, after in (("a", "b"), ("b", "a")):
        with pytest.raises(NotFound, match="no longer on this server"):
            change(database, shelf, assignments.move, name, shelf[2][after])


def test_two_people_who_move_different_ones_at_once_both_get_what_they_wanted(database, shelf):
    rows = shelf[2]
    wanted = [("a", rows["d"]), ("c", None)] * 10
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda each: change(database, shelf, assignments.move, *each), wanted))
    assert titles(database, shelf) == "cbda"


def test_another_organizations_server_is_not_touched(database, shelf):
    with database.transaction() as session:
        other = organization(session, "other").id
    _, srv, rows = shelf
    with database.transaction() as session:
        assignments.unassign(session, other, srv, rows["a"])
        assignments.switch(session, other, srv, rows["b"], is_enabled=False)
        with pytest.raises(NotFound):
            assignments.move(session, other, srv, rows["d"], None)
    assert titles(database, shelf) == "abcd"


def test_a_change_is_of_one_server_and_is_recorded_as_that(database, shelf):
    org, srv, rows = shelf
    with database.transaction() as session:
        beside = server(session, org, "beside").id
        foreign = organization(session, "other").id
        far = server(session, foreign, "far").id
        assignments.assign(session, org, beside, [*rows.values()])
        late = walkthrough(session, org, content(id="e", title="e"), server_id=srv)
        assignments.assign(session, foreign, far, [])
    seen = set()

    def stands(of):
        with database.transaction() as session:
            table = McpServerWalkthrough
            found = session.query(table).filter_by(mcp_server_id=of).order_by(table.display_order)
            names = {row: name for name, row in rows.items()} | {late: "e"}
            return [(names[x.walkthrough_id], x.display_order, x.is_enabled) for x in found]

    def recorded():
        with database.transaction() as session:
            found = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        told = [(each.title, each.after) for each in found if each.id not in seen]
        seen.update(each.id for each in found)
        return told

    recorded()
    full = [(name, place, True) for place, name in enumerate("abcd")]
    assert stands(srv) == [*full, ("e", 4, True)]
    with database.transaction() as session:
        assert assignments.assign(session, org, beside, [late, rows["a"]]) == [late]
    assert stands(beside) == [*full, ("e", 4, True)]
    [(title, after)] = recorded()
    assert (title, after) == ("Beside", {"walkthroughs": ["e"], "count": 1})

    for of, name in ((srv, "Acme"), (beside, "Beside")):
        for _ in range(2):
            with database.transaction() as session:
                assignments.switch(session, org, of, rows["b"], is_enabled=False)
        [(title, after)] = recorded()
        assert (title, after) == (f"b on {name}", {"is_enabled": False})
        assert [name for name, _, is_on in stands(of) if not is_on] == ["b"]
        with database.transaction() as session:
            assert assignments.unassign(session, org, of, rows["c"], "wt_none") == [rows["c"]]
            assert assignments.unassign(session, foreign, of, rows["d"]) == []
            assignments.switch(session, foreign, of, rows["d"], is_enabled=False)
        assert recorded()[0][0] == f"c on {name}"
        assert [name for name, _, is_on in stands(of) if is_on] == ["a", "d", "e"]
        if of == srv:
            assert len(stands(beside)) == 5
    with database.transaction() as session:
        assignments.move(session, org, srv, rows["d"], None)
        with database.transaction() as other:
            free = text("SELECT id FROM mcp_servers FOR NO KEY UPDATE SKIP LOCKED")
            assert set(other.scalars(free)) == {beside, far}
    assert [name for name, *_ in stands(beside)] == ["a", "b", "d", "e"]
