"""What a column holds as JSON comes back as the value that was stored."""

import pytest
from sqlalchemy import text

from tests.builders import organization
from walkthroughs.content.problems import Problem
from walkthroughs.models import Approval, AwaitingApproval, ContentSource, PendingChange


@pytest.fixture
def source_id(database):
    with database.transaction() as session:
        row = ContentSource(
            organization_id=organization(session).id,
            name="guides",
            url="https://x.example/x",
            awaiting_approval=AwaitingApproval("c0", "f00", ("it archives all", "it is old"), None),
            approval=Approval("f00", "ana@acme.example", "c9"),
            pending_changes=(PendingChange("deploy", "archive"),),
            problems=(Problem("walkthroughs/deploy/walkthrough.yaml", 2, "title is missing"),),
        )
        session.add(row)
        session.flush()
        return row.id


def test_values_come_back_as_they_were_stored(database, source_id):
    with database.transaction() as session:
        row = session.get_one(ContentSource, source_id)

    assert row.awaiting_approval == AwaitingApproval("c0", "f00", ("it archives all", "it is old"))
    assert row.approval == Approval("f00", "ana@acme.example", "c9")
    assert row.pending_changes == (PendingChange("deploy", "archive"),)
    assert row.problems == (Problem("walkthroughs/deploy/walkthrough.yaml", 2, "title is missing"),)


def test_no_value_is_null_and_no_values_are_an_empty_array(database, source_id):
    with database.transaction() as session:
        row = session.get_one(ContentSource, source_id)
        row.awaiting_approval = row.approval = None
        row.pending_changes = row.problems = ()
    with database.transaction() as session:
        stored = session.execute(
            text(
                "SELECT awaiting_approval IS NULL, approval IS NULL, pending_changes::text,"
                " problems::text FROM content_sources"
            )
        ).one()
    assert tuple(stored) == (True, True, "[]", "[]")


def test_what_another_release_stored_beside_the_fields_is_left_out(database, source_id):
    with database.transaction() as session:
        session.execute(text("""UPDATE content_sources SET approval = approval || '{"at": 5}'"""))
    with database.transaction() as session:
        row = session.get_one(ContentSource, source_id)
    assert row.approval == Approval("f00", "ana@acme.example", "c9")
