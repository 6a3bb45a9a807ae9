"""Pages of an organization with much in it read by indexes, and ask a bounded number of questions."""

import re

import pytest
from sqlalchemy import event, text

from admin.access.accounts import create_owner
from bench.dashboard import SEED
from tests.dashboard import Visitor, app
from walkthroughs.publishing.count_learners import count_learners

__all__ = ["app"]

ROOM = "/o/bench/admin"
#: What grows with learners and texts, and is not to be read whole.
BIG = {"walkthrough_progress", "walkthrough_steps"}
#: A page, its statements at most, and the big tables that it may read whole.
PAGES = (
    ("/walkthroughs/", 8, set()),
    ("/walkthroughs/?state=live&server=bench&tag=bench&sort=title", 7, set()),
    ("/walkthroughs/?q=step+7+of", 7, set()),
    ("/walkthroughs/?sort=learners", 8, set()),
    ("/walkthroughs/wt7/", 8, set()),
    ("/learners/", 8, set()),
    ("/learners/?page=9", 8, set()),
    ("/learners/?q=learner77", 8, set()),
    ("/learners/?walkthrough=wt7", 9, set()),
    ("/learners/?server=bench&status=in_progress&since=30", 8, set()),
    ("/learners/?status=none", 8, set()),
    ("/learners/msu77/", 11, set()),
    ("/tables/walkthrough_progress/", 6, set()),
    ("/tables/walkthrough_progress/?page=9", 6, set()),
    ("/tables/mcp_server_user/?search=learner77", 4, set()),
)


@pytest.fixture
def large(app, database):
    """An organization of 2,000 steps and 10,000 progress rows, and its owner at the dashboard."""
    numbers = {"walkthroughs": 200, "steps": 10, "progress": 10_000, "learners": 1_000}
    with database.engine.begin() as connection:
        # Indexes that are full of what was deleted make other plans.
        connection.execute(text("TRUNCATE walkthroughs, mcp_server_user CASCADE"))
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in SEED:
            connection.execute(text(statement), numbers)
        connection.execute(text("UPDATE mcp_server_user SET active_on = '2026-01-01'"))
        connection.execute(
            text(
                "UPDATE search_words SET words ="
                " to_tsvector('simple', 'walkthrough step of 7 ' || walkthrough_id)"
            )
        )
        connection.execute(text("ANALYZE"))
    with app.app_context(), database.transaction() as session:
        password = create_owner(session, "o", "owner@x.example")
    visitor = Visitor(app)
    visitor.sign_in("owner@x.example", password)
    visitor.get(f"{ROOM}/walkthroughs/")  # notes when they were seen
    yield visitor
    with database.engine.begin() as connection:  # else each test after this one passes over it
        connection.execute(text("TRUNCATE walkthroughs, mcp_server_user CASCADE"))
        connection.execute(text("ANALYZE"))


def read_whole(plan):
    """Return the tables that a plan reads whole."""
    found = {plan["Relation Name"]} if plan["Node Type"] == "Seq Scan" else set()
    return found.union(*(read_whole(each) for each in plan.get("Plans", ())))


def test_no_page_reads_a_big_table_whole_or_asks_many_questions(large, app, database):
    asked = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        asked.append((statement, parameters))

    event.listen(app.extensions["handrail"].database.engine, "before_cursor_execute", note)
    whole = []
    for path, most, allowed in PAGES:
        asked.clear()
        assert large.get(f"{ROOM}{path}").status_code == 200
        statements = list(asked)
        assert len(statements) <= most, (path, [each for each, _ in statements])
        with database.engine.connect() as connection, connection.connection.cursor() as cursor:
            for statement, parameters in statements:
                if re.match(r"SELECT (count\(.*LIMIT|EXISTS)", statement, re.S):
                    continue  # it reads no more rows than it counts, or than the first
                cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                plan = cursor.fetchone()[0][0]["Plan"]
                whole += [(path, each, statement) for each in read_whole(plan) & BIG - allowed]

    assert not whole


def test_numbers_that_were_counted_beforehand_are_shown_in_place_of_a_count(large, database):
    pages = [f"{ROOM}/walkthroughs/", f"{ROOM}/walkthroughs/?sort=learners", f"{ROOM}/servers/"]

    def shown():
        return [re.sub(r"csrf[^>]*>", "", large.get(page).get_data(as_text=True)) for page in pages]

    counted_now = shown()
    assert count_learners(database, many=0)
    assert shown() == counted_now
    with database.begin() as connection:
        connection.execute(
            text("UPDATE walkthrough_learners SET learners = 7654, completed = 3827")
        )
        connection.execute(text("UPDATE server_learners SET active = 4321"))
    after = shown()
    assert all("50 % finish (of 7654)" in page for page in after[:2])
    assert "4321" in after[2]
    with database.begin() as connection:
        connection.execute(text("TRUNCATE walkthrough_learners, server_learners"))
