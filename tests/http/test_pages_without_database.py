"""While the database is away, every page and address of Flask says so: 503, and no trace."""

import logging

import pytest
from sqlalchemy import text

from tests.dashboard import Visitor, app, owner, said, site
from tests.refusing import connections_refused
from walkthroughs.database import unavailable
from walkthroughs.models import db
from walkthroughs.runtime import runtime

__all__ = ["app", "owner", "site"]
TITLE = "<h1>The database does not answer</h1>"


@pytest.fixture
def counted_anew(monkeypatch):
    """Let the log begin: a line of the last minute would only be counted."""
    log = unavailable.CountedLog(logging.getLogger(unavailable.__name__))
    monkeypatch.setattr(unavailable, "_log", log)


@pytest.mark.usefixtures("counted_anew")
def test_pages_say_so_and_go_on_afterwards(app, owner, postgres, caplog):
    pages = ("/admin/", "/o/acme/admin/", "/o/acme/admin/servers/", "/admin/account/", "/admin/none",
             "/o/acme/admin/tables/walkthroughs/", "/admin/invitations/none", "/admin/login")  # fmt: skip
    with connections_refused(postgres):
        for path in pages:
            answer = owner.get(path)
            assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "2"), path
            assert TITLE in said(answer)
            assert answer.headers["Cache-Control"] == "no-store"
        for headers in ({"Accept": "application/json"}, {"Referer": "//[/"}):
            assert owner.client.get(pages[2], headers=headers).status_code == 503
        strange = owner.client.post("/o/acme/admin/none", json=[1])
        stranger = Visitor(app)
        assert stranger.get("/admin/login").status_code == 200
        tried = stranger.sign_in("owner@acme.example", "x" * 14)

    assert (strange.status_code, strange.content_type) == (503, "application/json")
    assert (tried.status_code, TITLE in said(tried)) == (503, True)
    assert owner.get("/o/acme/admin/servers/").status_code == 200
    assert not any(record.exc_info for record in caplog.records)
    lines = [each for each in caplog.records if each.name == unavailable.__name__]
    assert len(lines) == 1


@pytest.mark.parametrize("path", ["/webhooks/git/src_none", "/check/src_none"])
def test_hosts_and_checks_are_told_in_json_to_come_back(app, site, postgres, caplog, path):
    with connections_refused(postgres):
        answer = app.test_client().post(path, json={})

    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "2")
    assert answer.json == {"error": "The database does not answer. Try again in a few seconds."}
    assert not any(record.exc_info for record in caplog.records)
    assert app.test_client().post(path, json={}).status_code == 401


def closed_cursor():
    cursor = db.session.connection().connection.cursor()
    cursor.close()
    cursor.execute("SELECT 1")


def asked(statement):
    return lambda: db.session.execute(text(statement))


def asked_beside(statement):
    def ask():
        with runtime().database.transaction() as session:
            session.execute(text(statement))

    return ask


def answered(app, view):
    app.add_url_rule("/admin/fails", "fails", view)
    return app.test_client().get("/admin/fails")


TOO_MANY_COLUMNS = f"SELECT {', '.join(['1'] * 1665)}"
LATE = "SET LOCAL statement_timeout = 1; SELECT pg_sleep(60)"
LOCKED = "DO $$ BEGIN RAISE 'locked' USING ERRCODE = '55P03'; END $$"
ENDED = "SELECT pg_terminate_backend(pg_backend_pid())"


@pytest.mark.usefixtures("site", "counted_anew")
@pytest.mark.parametrize(
    "view", [closed_cursor, asked(TOO_MANY_COLUMNS), asked_beside(TOO_MANY_COLUMNS)]
)
def test_a_fault_of_ours_is_no_trouble_of_the_database_and_leaves_a_trace(app, view, caplog):
    assert answered(app, view).status_code == 500
    assert any(record.exc_info for record in caplog.records)
    assert not [each for each in caplog.records if each.name == unavailable.__name__]


@pytest.mark.usefixtures("site", "counted_anew")
@pytest.mark.parametrize("how", [asked, asked_beside])
@pytest.mark.parametrize("statement", [LATE, LOCKED, ENDED])
def test_a_database_that_is_slow_busy_or_ends_the_connection_is_away(app, how, statement, caplog):
    page = answered(app, how(statement))
    assert (page.status_code, TITLE in said(page)) == (503, True)
    assert not any(record.exc_info for record in caplog.records)
