"""Which learners the dashboard lists: those with one place that meets all that was asked for."""

from sqlalchemy import text

from admin.pages.learners.filter import WantedLearners
from admin.pages.learners.found import Total, find
from tests.builders import content, learner, new_course, server, walkthrough
from tests.events import move_all
from walkthroughs.ids import now_ms
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import McpServerUser

DAY_MS = 24 * 3600 * 1000


def test_learners_are_found_by_server_walkthrough_status_and_last_days_and_by_none_of_others(
    database,
):
    with database.transaction() as session:
        lea, deploy = new_course(session)
        org = lea.organization_id
        beside = server(session, org, "beside").id
        brew = walkthrough(session, org, content("one", id="brew"), server_id=beside)
        max_ = Caller(org, beside, learner(session, org, "max@x.example").id)
        learner(session, org, "new@x.example")
        eve, _ = new_course(session, slug="foreign")
    progress.select(database, ContentCache(), lea, deploy, resume=True)
    view = progress.select(database, ContentCache(), max_, brew, resume=True)
    progress.advance(database, ContentCache(), max_, view.step.id)
    move_all(database)
    days = {"then": now_ms() - 3 * DAY_MS, "who": lea.learner_id}
    with database.begin() as connection:
        connection.execute(
            text(
                "UPDATE walkthrough_progress SET active_at = :then WHERE mcp_server_user_id = :who"
            ),
            days,
        )
        connection.execute(
            text("UPDATE mcp_server_user SET active_on = active_on - 3 WHERE id = :who"), days
        )

    def found(organization_id=org, **asked):
        with database.transaction() as session:
            wanted = WantedLearners(**asked)
            ids, total = find(session, organization_id, wanted, only_whole=False)
            rows = session.query(McpServerUser.email).filter(McpServerUser.id.in_(ids)).all()
        assert total == Total(len(ids))
        return sorted(email.partition("@")[0] for (email,) in rows)

    assert found() == ["lea", "max", "new"]
    assert (found(server="acme"), found(server="beside"), found(server="x")) == (
        ["lea"],
        ["max"],
        [],
    )
    assert found(server="foreign") == []
    assert (found(walkthrough=deploy), found(walkthrough=brew)) == (["lea"], ["max"])
    assert found(walkthrough=brew, server="acme") == []
    assert (found(status="in_progress"), found(status="completed")) == (["lea"], ["max"])
    assert found(status="completed", server="acme") == []
    assert found(status="none") == ["new"]
    assert (found(since="1"), found(since="7")) == (["max"], ["lea", "max"])
    assert (found(since="1", server="acme"), found(since="7", server="acme")) == ([], ["lea"])
    assert found(eve.organization_id, walkthrough=deploy) == []
    with database.begin() as connection:
        connection.execute(text("UPDATE walkthrough_progress SET status = 'not_started'"))
    assert found(server="acme") == found(since="30", server="acme") == []
