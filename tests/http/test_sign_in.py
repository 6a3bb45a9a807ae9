"""Guesses are bounded, a session ends on the server, and there is no other way in."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from admin.access import sign_in_limit
from admin.access.accounts import Account
from admin.access.sessions import end_other_sessions
from app import add_pages, create_app
from tests.dashboard import Visitor, app, is_inside, password, said, site
from walkthroughs.models import User, db

__all__ = ["app", "password", "site"]
OWNER = "owner@acme.example"
WRONG = "x" * 14


def test_a_wrong_password_and_an_unknown_person_get_one_answer(app, site):
    def answer(email):
        return re.findall(
            r"[^>]*(?:failed|invalid|incorrect)[^<]*", said(visitor.sign_in(email, WRONG)), re.I
        )

    visitor = Visitor(app)
    assert answer(OWNER) == answer("nobody@acme.example") != []


def test_after_ten_failures_an_account_is_closed_for_a_while_also_to_the_right_password(
    app, site, password, database
):
    codes = [Visitor(app).sign_in(OWNER, WRONG).status_code for _ in range(11)]
    assert codes == [200] * 10 + [429]
    visitor = Visitor(app)
    assert visitor.sign_in(f" {OWNER.upper()} ", password).status_code == 429
    assert not is_inside(visitor)

    with database.transaction() as session:
        session.execute(text("UPDATE sign_in_failure SET failed_at = failed_at - 900001"))
    visitor.sign_in(OWNER, password)
    assert is_inside(visitor)


def test_failures_are_counted_for_all_processes(app, site, settings):
    for _ in range(10):
        Visitor(app).sign_in(OWNER, WRONG)
    other = add_pages(create_app(settings))

    assert Visitor(other).sign_in(OWNER, WRONG).status_code == 429
    other.extensions["handrail"].database.close()


def test_right_sign_ins_of_an_office_are_not_counted(app, site, password):
    for _ in range(15):
        visitor = Visitor(app)
        visitor.sign_in(OWNER, password)
        assert is_inside(visitor)


def test_who_mistypes_and_then_signs_in_begins_to_count_again(app, site, password):
    for _ in range(3):
        for _ in range(9):
            Visitor(app).sign_in(OWNER, WRONG)
        assert Visitor(app).sign_in(OWNER, password).status_code == 302


def test_an_address_that_tries_many_accounts_is_refused_and_others_are_not(app, site, password):
    with app.app_context():
        for number in range(100):
            sign_in_limit.count_failure(f"{number}@x.example", "127.0.0.1")

    assert Visitor(app).sign_in(OWNER, password).status_code == 429
    with app.app_context():
        assert sign_in_limit.is_refused(OWNER, "127.0.0.1")
        assert not sign_in_limit.is_refused(OWNER, "192.0.2.7")


def test_what_was_typed_is_not_stored(app, site, database):
    Visitor(app).sign_in("my secret password", WRONG)
    with database.transaction() as session:
        stored = session.scalars(text("SELECT counted_for FROM sign_in_failure")).all()

    assert len(stored) == 2
    assert not any("secret" in each for each in stored)


def test_signing_out_is_a_button_and_ends_the_session_also_for_who_kept_the_cookie(
    app, site, password
):
    visitor, thief = Visitor(app), Visitor(app)
    visitor.sign_in(OWNER, password)
    cookie = visitor.client.get_cookie("session")
    thief.client.set_cookie("session", cookie.value)
    assert is_inside(thief)
    page = visitor.get("/o/acme/admin/tables/walkthroughs/").get_data(as_text=True)
    assert re.search(r'<form method="post" action="/admin/logout"', page)

    visitor.post("/admin/logout", page="/o/acme/admin/tables/walkthroughs/")
    assert not is_inside(visitor)
    assert not is_inside(thief)


def test_a_sign_out_ends_that_session_only(app, site, password):
    here, there = Visitor(app), Visitor(app)
    for visitor in (here, there):
        visitor.sign_in(OWNER, password)
    here.post("/admin/logout", page="/o/acme/admin/tables/walkthroughs/")

    assert is_inside(there)


def test_a_session_ends_after_twelve_hours(app, site, password, database):
    visitor = Visitor(app)
    visitor.sign_in(OWNER, password)
    with database.transaction() as session:
        session.execute(text("UPDATE user_session SET created_at = created_at - 43200001"))

    assert not is_inside(visitor)


def test_all_other_sessions_can_be_ended(app, site, password):
    others = [Visitor(app) for _ in range(2)]
    for visitor in others:
        visitor.sign_in(OWNER, password)
    with app.test_request_context():
        end_other_sessions(db.session.query(User).filter_by(email=OWNER).one().id)
        db.session.commit()

    assert not any(is_inside(visitor) for visitor in others)


def test_nothing_is_remembered_beyond_the_session(app, site, password):
    visitor = Visitor(app)
    answer = visitor.post("/admin/login", email=OWNER, password=password, remember="y")

    assert "remember_token" not in str(answer.headers)
    assert visitor.client.get_cookie("remember_token") is None


@pytest.mark.parametrize("path", ["/admin/verify", "/admin/change", "/admin/reset", "/admin/us"])
def test_pages_that_the_dashboard_does_not_use_are_closed(app, site, password, path):
    visitor = Visitor(app)
    visitor.sign_in(OWNER, password)

    assert visitor.get(path).status_code == 404
    assert visitor.client.post(path).status_code in {400, 404}


def test_there_is_no_token_to_sign_in_with(app, site, password):
    visitor = Visitor(app)
    shown = visitor.get("/admin/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown)[1]
    answer = visitor.client.post(
        "/admin/login?include_auth_token",
        json={"email": OWNER, "password": password},
        headers={"X-CSRFToken": token, "Accept": "application/json"},
    )
    assert "token" not in (answer.get_json(silent=True) or {}).get("response", {})

    with app.test_request_context():
        account = db.session.query(Account).filter_by(email=OWNER).one()
        token = account.get_auth_token()
    stranger = Visitor(app)
    assert stranger.get(f"/o/acme/admin/tables/walkthroughs/?auth_token={token}").status_code == 302
    headers = {"Authentication-Token": token}
    assert (
        stranger.client.get("/o/acme/admin/tables/walkthroughs/", headers=headers).status_code
        == 302
    )


@pytest.mark.parametrize(
    ("base_url", "sent"), [("https://w.example.com", True), ("http://localhost:8000", False)]
)
def test_browsers_are_told_to_use_https_where_it_is_served(settings, base_url, sent):
    secure = add_pages(create_app(replace(settings, base_url=base_url)))
    answer = secure.test_client().get("/admin/login")
    secure.extensions["handrail"].database.close()

    assert ("Strict-Transport-Security" in answer.headers) is sent
