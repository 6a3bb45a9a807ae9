"""The pages of numbers: who reads them, what the address may hold, and the files beside them."""

from __future__ import annotations

import csv
import io
import re

import pytest
from sqlalchemy import text

from tests.builders import content, learner, walkthrough
from tests.dashboard import Visitor, app, owner, said, site
from tests.events import move_all
from tests.http.test_learners_page import member
from walkthroughs.enums import Role
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import McpServerUser, Walkthrough

__all__ = ["app", "owner", "site"]
HOME = "/o/acme/admin/analytics/"
FORMULA = '=HYPERLINK("http://x.example","</text><script>alert(1)</script>")'


def of(row):
    return f"{HOME}walkthroughs/{row}/"


def rows(answer):
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(said(answer))))


@pytest.fixture
def walked(site, database):
    """Lea finished one walkthrough and began a second one, whose title is hostile."""
    org, srv, row, _ = site["acme"]
    with database.transaction() as session:
        second = walkthrough(
            session, org, content("uno", "dos", id="second", title=FORMULA), server_id=srv
        )
        caller = Caller(org, srv, learner(session, org, "lea@x.example").id)
    at = progress.select(database, ContentCache(), caller, row, resume=True)
    for _ in range(3):
        at = progress.advance(database, ContentCache(), caller, at.step.id)
    progress.select(database, ContentCache(), caller, second, resume=True)
    move_all(database)
    return {"row": row, "second": second, "learner": caller.learner_id}


def test_without_any_call_the_pages_lead_to_connecting(owner, site):
    for path in (HOME, of(site["acme"][2])):
        page = said(owner.get(path))
        assert "Numbers appear with the first call" in page
        assert 'href="/o/acme/admin/servers/acme/?tab=connect"' in page
    assert rows(owner.get(f"{HOME}export.csv")) == [
        ["id", "walkthrough", "started", "finished", "finished of 100 started"]
    ]


def test_the_overview_counts_and_so_does_its_file(owner, walked):
    page = said(owner.get(HOME))

    assert re.search(r"<dt>Started</dt><dd><strong>2</strong>", page)
    assert re.search(r"<dt>Finished</dt><dd><strong>1</strong>", page)
    assert "<strong>1 of 2</strong>" in page, "of so few no percentage"
    assert re.search(r"<dt>Active learners</dt><dd><strong>1</strong>", page)
    assert "(first walkthrough)" in page
    assert [row[2:] for row in rows(owner.get(f"{HOME}export.csv"))[1:]] == [
        ["1", "1", ""], ["1", "0", ""],
    ]  # fmt: skip
    days = rows(owner.get(f"{HOME}export.csv?table=days&days=7"))
    assert len(days) == 8
    assert days[-1][1:3] == ["2", "1"]
    assert [row[4] for row in rows(owner.get(f"{HOME}export.csv?table=next"))[1:]] == ["1", "1"]


def test_a_walkthrough_tells_of_its_steps_and_so_does_its_file(owner, walked):
    page = said(owner.get(of(walked["row"])))

    assert re.search(r"1\. One<svg", page)
    assert f'href="/o/acme/admin/walkthroughs/{walked["row"]}/?step=one"' in page
    assert "lea@x.example" in page
    assert f'href="/o/acme/admin/walkthroughs/{walked["row"]}/history/?a=0&amp;b=1"' in page
    file = f"{of(walked['row'])}export.csv"
    steps = rows(owner.get(file))
    assert [row[:5] for row in steps[1:]] == [
        ["1", "one", "One", "1", "0"], ["2", "two", "Two", "1", "0"], ["3", "three", "Three", "1", "0"],
    ]  # fmt: skip
    assert [row[6] for row in steps[1:]] == ["1", "1", "1"]
    assert rows(owner.get(f"{file}?table=versions"))[1] == ["1", "Version 1", "1", "1", ""]
    assert rows(owner.get(f"{file}?table=servers"))[1][1:] == ["Acme", "1", "1", ""]
    assert rows(owner.get(f"{file}?table=days"))[-1][3] == "v1"


def test_from_five_on_there_are_percentages(owner, site, database):
    org, srv, row, _ = site["acme"]
    for number in range(5):
        with database.transaction() as session:
            caller = Caller(org, srv, learner(session, org, f"p{number}@x.example").id)
        first = progress.select(database, ContentCache(), caller, row, resume=True)
        if number < 2:
            progress.advance(database, ContentCache(), caller, first.step.id)
    move_all(database)
    page = said(owner.get(of(row)))

    assert "<strong>0 %</strong>" in page
    assert re.search(r'data-label="Reached">2 <small>40 %</small>', page)

    with database.transaction() as session:
        silent = "UPDATE walkthrough_progress SET active_at = 0 WHERE completed_steps <> '[]'"
        session.execute(text(silent))
    worst = said(owner.get(f"{of(row)}?order=worst"))
    assert re.findall(r"(\d)\. (?:One|Two|Three)<svg", page) == ["1", "2", "3"]
    assert re.findall(r"(\d)\. (?:One|Two|Three)<svg", worst) == ["2", "1", "3"]


def test_a_hostile_title_is_text_in_pages_and_files(owner, walked):
    for path in (HOME, of(walked["second"])):
        page = said(owner.get(path))
        assert "<script>alert" not in page
        assert "&lt;/text&gt;&lt;script&gt;" in page
    for table in ("walkthroughs", "next"):
        cells = [cell for row in rows(owner.get(f"{HOME}export.csv?table={table}")) for cell in row]
        assert any(cell.startswith("'=HYPERLINK") for cell in cells)
        assert not any(cell.startswith("=") for cell in cells)


def test_an_address_that_means_nothing_is_answered_as_if_it_said_nothing(owner, walked):
    for query in (
        "days=0", "days=30%20OR%201=1", "days=-7", "version=-1", "version=99999999999",
        "version=9999999999", "version=%D9%A3", "version=1e9", "server=nobody",
        "server=" + "x" * 5000, "table=../../etc/passwd", "days=7&days=365", "x=%FF%FE",
    ):  # fmt: skip
        assert "<strong>2</strong>" in said(owner.get(f"{HOME}?{query}")), query
        for path in (f"{HOME}export.csv", of(walked["row"]), f"{of(walked['row'])}export.csv"):
            assert owner.get(f"{path}?{query}").status_code == 200, (path, query)


def test_filters_stay_in_the_links_and_narrow_the_numbers(owner, walked):
    page = said(owner.get(f"{HOME}?days=7&server=acme"))
    assert f"{of(walked['row'])}?days=7&amp;server=acme" in page
    assert "export.csv?days=7&amp;server=acme&amp;table=days" in page
    assert "on all servers" in page

    narrowed = said(owner.get(f"{of(walked['row'])}?version=9"))
    assert re.search(r"<dt>Started</dt><dd><strong>0</strong>", narrowed)
    assert '<option value="9" selected>' in narrowed
    assert "on all servers, of all versions" in narrowed


def test_a_script_gets_the_numbers_alone(owner, walked):
    for path in (HOME, of(walked["row"])):
        part = said(owner.client.get(path, headers={"HX-Target": "numbers"}))
        assert "<dl" in part
        assert "<html" not in part
        assert "<nav" not in part


def test_a_viewer_reads_the_numbers_and_is_shown_no_address(app, site, database, walked):
    viewer = member(app, database, site, Role.VIEWER)
    page = said(viewer.get(of(walked["row"])))

    assert "l…@x.example" in page
    assert "lea@" not in page
    assert ">Edit<" not in page
    assert viewer.get(f"{HOME}export.csv").status_code == 200
    assert "/admin/analytics/" in said(viewer.get("/o/acme/admin/walkthroughs/"))


def test_what_happened_stays_when_walkthrough_and_learner_are_no_more(
    owner, site, database, walked
):
    with database.begin() as connection:
        connection.execute(text("UPDATE tool_events SET mcp_server_user_id = NULL"))
    with database.transaction() as session:
        session.delete(session.get_one(McpServerUser, walked["learner"]))
    with database.transaction() as session:
        session.delete(session.get_one(Walkthrough, walked["row"]))
    overview, page = said(owner.get(HOME)), said(owner.get(of(walked["row"])))

    assert f'{of(walked["row"])}">(deleted)</a>' in overview
    assert "<h1>(deleted)</h1>" in page
    assert "(erased) finished" in page
    assert "It has no steps now." in page
    assert f"walkthroughs/{walked['row']}/?step" not in page
    assert rows(owner.get(f"{of(walked['row'])}export.csv")) == [
        ["step", "id", "title", "reached", "stopped here", "median seconds", "times"]
    ]


def test_another_organization_has_none_of_it(app, site, walked):
    other = Visitor(app)
    other.sign_in("owner@other.example", site["other"][3])

    assert "Numbers appear with the first call" in said(other.get("/o/other/admin/analytics/"))
    for path in (of(walked["row"]), f"{of(walked['row'])}export.csv"):
        assert other.get(path).status_code == 404
        assert other.get(path.replace("/acme/", "/other/")).status_code == 404
    assert said(other.get("/o/other/admin/analytics/export.csv")).count("\n") == 1
    assert Visitor(app).get(HOME).status_code == 302


def test_late_events_are_said_to_wait_and_nobody_is_told_of_those_of_others(
    owner, site, database, walked
):
    wait = text(
        "INSERT INTO tool_events_incoming (occurred_at, organization_id, mcp_server_id,"
        " walkthrough_id, version, kind) SELECT occurred_at - :late, :org,"
        " mcp_server_id, walkthrough_id, version, kind FROM tool_events LIMIT :count"
    )
    with database.begin() as connection:
        connection.execute(wait, {"late": 60_000, "org": site["other"][0], "count": 4})
    assert "late:" not in said(owner.get(HOME))
    with database.begin() as connection:
        connection.execute(wait, {"late": 60_000, "org": site["acme"][0], "count": 3})

    assert "late: 3 events wait to be counted" in said(owner.get(HOME))
