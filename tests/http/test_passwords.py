"""A password is chosen with a link that works once; it depends on no key of the server."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from admin.access.accounts import _keyed_password
from admin.access.passwords import link_token
from app import add_pages, create_app
from tests.dashboard import Visitor, app, password, said, site
from walkthroughs.models import User

__all__ = ["app", "password", "site"]
OWNER = "owner@acme.example"
NEW = "a new and longer password"


def link(database, settings):
    with database.transaction() as session:
        user = session.query(User).filter_by(email=OWNER).one()
        return f"/admin/password/{link_token(settings, user)}"


def inside(app, password):
    visitor = Visitor(app)
    visitor.sign_in(OWNER, password)
    return visitor if visitor.get("/o/acme/admin/walkthroughs/").status_code == 200 else None


def test_a_link_sets_the_password_once_and_ends_all_sessions(app, password, database, settings):
    address, other = link(database, settings), inside(app, password)
    visitor = Visitor(app)
    assert OWNER in said(visitor.get(address))

    assert visitor.post(address, password=NEW, again=NEW).status_code == 302
    assert other.get("/o/acme/admin/walkthroughs/").status_code == 302
    assert inside(app, password) is None
    assert inside(app, NEW)
    assert visitor.get(address).status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"password": "short", "again": "short"}, "Use 12 to 128 characters."),
        ({"password": NEW, "again": NEW + "x"}, "The two are not the same."),
        ({}, "Choose a password."),
    ],
)
def test_a_bad_choice_is_told_and_changes_nothing(app, password, database, settings, fields, words):
    address = link(database, settings)
    assert words in said(Visitor(app).post(address, **fields))
    assert inside(app, password)
    assert link(database, settings).split(".")[0] == address.split(".")[0]


def test_a_link_that_is_mistyped_too_old_or_of_another_key_opens_nothing(
    app, password, database, settings, monkeypatch
):
    address = link(database, settings)
    foreign = link(database, replace(settings, given_secret_key="another key of another server"))
    for bad in (f"{address}x", "/admin/password/x", foreign):
        assert Visitor(app).get(bad).status_code == 404
    monkeypatch.setattr("admin.access.passwords.LINK_SECONDS", -1)
    assert "older than a day" in said(Visitor(app).get(address))


def test_who_is_signed_in_changes_their_password_and_stays_signed_in(app, password):
    here, there = inside(app, password), inside(app, password)
    assert "/admin/password/" in said(here.get("/admin/account/"))
    wrong = here.post("/admin/password/", current="x" * 12, password=NEW, again=NEW)
    assert "This is not your current password." in said(wrong)
    here.post("/admin/password/", current=password, password=NEW, again=NEW)

    assert here.get("/o/acme/admin/walkthroughs/").status_code == 200
    assert there.get("/o/acme/admin/walkthroughs/").status_code == 302
    assert inside(app, NEW)
    assert Visitor(app).get("/admin/password/").status_code == 302


def test_guesses_of_the_current_password_are_counted(app, password):
    visitor = inside(app, password)
    guess = {"current": "x" * 12, "password": NEW, "again": NEW}
    codes = [visitor.post("/admin/password/", **guess).status_code for _ in range(11)]

    assert codes == [200] * 10 + [429]


@pytest.mark.parametrize("changed", [False, True])
def test_a_hash_from_before_opens_and_is_replaced_also_after_a_change_of_the_key(
    app, password, database, settings, changed
):
    hasher = app.extensions["security"].pwd_context
    old = "keyed:" + hasher.hash(_keyed_password(settings.secret_key, password))
    with database.transaction() as session:
        session.execute(text('UPDATE "user" SET password = :old'), {"old": old})
    if changed:
        key = "the key after that one"
        settings = replace(settings, given_secret_key=key, previous_secret_key=settings.secret_key)
    second = add_pages(create_app(settings))

    assert inside(second, password + "x") is None
    assert inside(second, password)
    with database.transaction() as session:
        stored = session.scalars(text('SELECT password FROM "user" WHERE email = :e'), {"e": OWNER})
        assert not stored.one().startswith("keyed:")
    assert inside(second, password)
    second.extensions["handrail"].database.close()


def test_a_new_secret_key_locks_nobody_out_and_ends_no_session_while_the_old_one_is_known(
    app, password, settings
):
    visitor = inside(app, password)
    cookie = visitor.client.get_cookie("session").value
    for previous, kept in ((settings.secret_key, True), (None, False)):
        second = add_pages(
            create_app(replace(settings, given_secret_key="another", previous_secret_key=previous))
        )
        returning = Visitor(second)
        returning.client.set_cookie("session", cookie)
        assert (returning.get("/o/acme/admin/walkthroughs/").status_code == 200) is kept
        assert inside(second, password)
        second.extensions["handrail"].database.close()


def test_the_page_has_what_a_password_manager_needs(app, password, database, settings):
    page = said(Visitor(app).get(link(database, settings)))
    assert len(re.findall(r'autocomplete="new-password"', page)) == 2
