"""The database itself refuses what the writer would never do."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.builders import content, new_course, organization, server, walkthrough


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
