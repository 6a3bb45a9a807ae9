"""Owners see every change of their organization, filtered by the address; the rest see none."""

from __future__ import annotations

import csv
import io
import re

import pytest

from tests.dashboard import Visitor, app, owner, said, site
from walkthroughs.audit.record import Event, record
from walkthroughs.models import AuditEvent, McpServer, McpServerWalkthrough

__all__ = ["app", "owner", "site"]
AUDIT = "/o/acme/admin/audit/"
TABLES = "/o/acme/admin/tables"


def note(database, org, count=1, **fields):
    values = {"verb": "walkthrough.publish", "target_id": "wt_1", "title": "Tea", **fields}
    with database.transaction() as session:
        record(session, *(Event(org, **values) for _ in range(count)))


def test_what_the_dashboard_changes_is_there_with_the_member_and_the_difference(
    owner, site, database
):
    org, srv, row, _ = site["acme"]
    owner.post(
        f"{TABLES}/mcp_servers/edit/?id={srv}", name="Renamed", slug="acme", pace_seconds="9"
    )
    owner.post(f"{TABLES}/walkthroughs/edit/?id={row}", title="Deploy better", is_published="y")
    with database.transaction() as session:
        placed = session.query(McpServerWalkthrough).filter_by(organization_id=org).one().id
    owner.post(f"{TABLES}/mcp_server_walkthroughs/remove/?id={placed}")
    owner.post(f"{TABLES}/personal_links/new/", mcp_server_id=srv, email="lea@x.example")
    with database.transaction() as session:
        told = session.query(AuditEvent).filter_by(actor="owner@acme.example").all()
    assert [each.verb for each in sorted(told, key=lambda each: each.id)] == [
        "server.change", "walkthrough.publish", "assignment.remove", "link.create",
    ]  # fmt: skip
    assert {each.place for each in told} == {"dashboard"}
    page = said(owner.get(AUDIT))

    assert re.search(r"owner@acme.example</strong> changed the server\s*<strong>Renamed", page)
    assert re.search(r"<del>.*Acme</del>\s*<ins>.*Renamed</ins>", page)
    assert "Deploy better on Renamed" in page
    assert "lea@x.example" not in page


def test_a_refused_form_leaves_no_row(owner, site, database):
    with database.transaction() as session:
        before = session.query(AuditEvent).count()
    owner.post(f"{TABLES}/mcp_servers/edit/?id={site['acme'][1]}", name="", slug="acme")
    owner.post(f"{TABLES}/mcp_servers/new/", name="Twice", slug="acme")
    with database.transaction() as session:
        assert session.query(AuditEvent).count() == before
        assert session.query(McpServer).count() == 2


def test_filters_are_in_the_address_and_what_cannot_be_read_is_left_out(owner, site, database):
    org = site["acme"][0]
    note(database, org, title="Coffee", verb="server.change", target_id="srv_9")
    for query, there in (
        ("", True), ("?kind=server", True), ("?kind=member", False), ("?of=srv_9", True),
        ("?who=command+line", True), ("?who=nobody", False), ("?place=Git", False),
        ("?place=command+line", True), ("?since=2020-01-01", True), ("?until=2020-01-01", False),
        ("?since=2999-01-01", False), ("?kind=x&place=y&since=z&until=2020-13-45", True),
        ("?before=1-1", False), ("?before=9999999999999-1", True), ("?before=x-1", True),
        ("?before=99999999999999999999-1", True),
    ):  # fmt: skip
        answer = owner.get(f"{AUDIT}{query}")
        assert answer.status_code == 200, query
        assert ("Coffee" in said(answer)) is there, query


def test_pages_follow_one_another_without_a_gap(owner, site, database):
    org = site["acme"][0]
    for number in range(12):
        note(database, org, 10, title=f"Tea {number}", verb="server.change")
    address, seen = f"{AUDIT}?kind=server&who=command+line", []
    while address:
        page = said(owner.get(address.replace("&amp;", "&")))
        seen += re.findall(r"<strong>(Tea \d+)</strong>", page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older and older[1]

    assert seen == [f"Tea {11 - n // 10}" for n in range(120)]


def test_another_organization_has_its_own(owner, site, database):
    note(database, site["other"][0], title="Secret of others", target_id="wt_9")
    for query in ("", "?of=wt_9"):
        assert "Secret of others" not in said(owner.get(f"{AUDIT}{query}"))
        assert "Secret of others" not in said(owner.get(f"{AUDIT}export.csv{query}"))
    assert owner.get("/o/other/admin/audit/").status_code == 404


def test_the_csv_has_what_the_filters_ask_for_and_runs_no_formula(owner, site, database):
    note(database, site["acme"][0], title='=HYPERLINK("http://x")', verb="link.end")
    note(database, site["acme"][0], title="Other", verb="member.add")
    answer = owner.get(f"{AUDIT}export.csv?kind=link")
    rows = list(csv.reader(io.StringIO(said(answer))))

    assert answer.mimetype == "text/csv"
    assert [row[5] for row in rows] == ["title", '\'=HYPERLINK("http://x")']
    assert rows[1][1:4] == ["command line", "link.end", "link"]


def test_html_in_a_title_or_a_value_is_text(owner, site, database):
    bad = "<img src=x onerror=alert(1)>"
    note(database, site["acme"][0], title=bad, before={bad: bad}, after={bad: [bad, bad]})

    assert "<img src=x" not in said(owner.get(AUDIT))


@pytest.mark.parametrize("path", [AUDIT, f"{AUDIT}export.csv"])
def test_a_visitor_signs_in_and_nobody_posts(app, owner, path):
    assert "/admin/login" in Visitor(app).get(path).location
    assert owner.post(path, page="/admin/account/").status_code == 405
