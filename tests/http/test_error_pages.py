"""What the dashboard refuses before a page is asked, how it says so, and with which headers."""

from dataclasses import replace

import pytest
from flask import abort, g, request

from admin.access.roles import admits
from admin.access.tenant_filter import WrongOrganization
from app import add_pages, create_app
from sync.importing.upload import MAX_FILES, MAX_UPLOAD_BYTES
from tests.builders import server
from tests.dashboard import Visitor, app, counted, owner, said, site
from walkthroughs.enums import Role
from walkthroughs.models import McpServer, db

__all__ = ["app", "owner", "site"]
MIB = 1024 * 1024
JSON = {"Accept": "application/json"}
TITLES = {
    400: "This form could not be accepted", 404: "There is nothing here",
    405: "This page works in another way", 409: "This cannot be changed here",
    413: "That is too large", 429: "Too many attempts", 500: "Something went wrong on our side",
    418: "Something went wrong on our side",
}  # fmt: skip


def test_an_error_is_a_page_in_the_dashboard_json_for_its_scripts_and_plain_elsewhere(settings):
    made = add_pages(create_app(settings))
    for rule in ("/admin/fail/<int:code>", "/fail/<int:code>"):
        made.add_url_rule(rule, rule, abort)
    client = made.test_client()
    for code, title in TITLES.items():
        page = client.get(f"/admin/fail/{code}")
        assert (page.status_code, f"<h1>{title}</h1>" in said(page)) == (code, True)
        assert page.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in page.headers
        plain = client.get(f"/fail/{code}")
        assert plain.status_code == code
        assert title not in said(plain)
        assert "no-store" not in plain.headers.get("Cache-Control", "")
        assert client.get(f"/admin/fail/{code}", headers=JSON).status_code == 401
    # What leads elsewhere is no error.
    assert client.get("/o/acme/admin/walkthroughs").status_code == 308
    with client.get("/admin/assets/handrail.css") as style:
        assert style.status_code == 200
        assert "no-store" not in style.headers.get("Cache-Control", "")

    # The address is told where it explains that a form is refused, and only there.
    elsewhere = {"base_url": "http://other.example"}
    told = f"this server's address is {settings.base_url}"
    told = told.replace("'", "&#39;")
    assert told not in said(client.get("/admin/fail/404", **elsewhere))
    assert told in said(client.get("/admin/fail/400", **elsewhere))
    at_home = said(client.get("/admin/fail/400", base_url=settings.base_url))
    assert "open for too long" in at_home
    assert told not in at_home
    made.extensions["handrail"].database.close()


def test_what_no_browser_sends_is_refused_and_members_may_send_files(app, owner, site):
    at, stranger = "/o/acme/admin/walkthroughs/", Visitor(app)
    for path, headers, code in (
        (at, {}, 200), (at, {"Referer": "http://x:80/"}, 200),
        (at, {"Referer": "http://x:y/"}, 400), (f"{at}%00/", {}, 404), (f"{at}?q=%00", {}, 400),
        (f"{at}?%00=q", {}, 400), ("/none?q=%00", {}, 404), ("/none", {"Referer": "//[/"}, 400),
    ):  # fmt: skip
        assert owner.client.get(path, headers=headers).status_code == code, path
    # A script is told in JSON: one that reads it, and one that sends it.
    for headers, sent in ((JSON, {}), ({"Accept": "text/html"}, {"json": {"a": 1}})):
        answer = owner.client.get(f"{at}wt_none/", headers=headers, **sent)
        assert answer.status_code == 404
        assert answer.json["error"].startswith("It may have been removed")
        for path in (f"{at}wt_none/", at, "/admin/none"):
            answer = stranger.client.get(path, headers=headers, **sent)
            assert (answer.status_code, answer.json) == (401, {"error": "Sign in again."})
    answer = stranger.get(f"{at}?a=b")
    assert answer.status_code == 302
    assert answer.location.endswith("/admin/login?next=/o/acme/admin/walkthroughs/?a%3Db")

    for visitor, path, limits in (
        (owner, f"{at}import/", (MAX_UPLOAD_BYTES + MIB, MAX_FILES + 10)),
        (stranger, f"{at}import/", (3 * MIB, 1000)), (owner, at, (3 * MIB, 1000)),
    ):  # fmt: skip
        with visitor.client as client:
            client.get(path)
            assert (request.max_content_length, request.max_form_parts) == limits
            assert not g.draws_again


def test_a_session_is_of_one_organization_whatever_is_asked_of_it(app, site, database, settings):
    (own, srv, *_), (foreign, theirs, *_) = site["acme"], site["other"]
    second = add_pages(create_app(replace(settings, base_url="https://handrail.example")))
    assert "Strict-Transport-Security" in second.test_client().get("/admin/login").headers

    def asked_for(owner):
        with app.test_request_context():
            if owner:
                g.organization_id = owner
            return {row.id for row in db.session.query(McpServer)}

    assert [asked_for(each) for each in (own, foreign, None)] == [{srv}, {theirs}, set()]
    with app.app_context():  # of no request
        g.organization_id = own
        assert db.session.query(McpServer).all() == []
    with counted(app) as statements:
        asked_for(own)
    assert len(statements) == 1
    assert statements[0].count("organization_id = ") == 1

    def write(work):
        with app.test_request_context():
            g.organization_id = own
            with database.transaction() as session:
                mine, other = (session.get_one(McpServer, each) for each in (srv, theirs))
                session.expunge_all()
            work(db.session.merge(mine, load=False), db.session.merge(other, load=False))
            db.session.flush()

    write(lambda mine, other: setattr(mine, "name", "New"))
    for work in (
        lambda mine, other: setattr(other, "name", "Stolen"),
        lambda mine, other: db.session.delete(other),
        lambda mine, other: server(db.session, foreign, "stolen"),
    ):
        with pytest.raises(WrongOrganization):
            write(work)
    with app.test_request_context("/o/acme/admin/servers/"):
        g.role = Role.OWNER
        assert not admits("elsewhere", (), [Role.OWNER])
        g.organization_id = own
        assert admits("elsewhere", (), [Role.OWNER])
    second.extensions["handrail"].database.close()
