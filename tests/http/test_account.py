"""A person's own page: their sessions, and how the dashboard looks to them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from admin.access.browsers import browser_name
from app import add_pages, create_app
from tests.dashboard import Visitor, app, owner, said, site
from walkthroughs.models import User, UserSession

__all__ = ["app", "owner", "site"]
ACCOUNT = "/admin/account/"
OWNER = "owner@acme.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"


@pytest.fixture
def second(app, site):
    """The same person in another browser."""
    visitor = Visitor(app)
    visitor.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    visitor.sign_in(OWNER, site["acme"][3])
    return visitor


def is_inside(visitor):
    return visitor.get(ACCOUNT).status_code == 200


def test_the_page_is_reached_from_every_page_and_a_visitor_signs_in_first(app, owner):
    assert 'href="/admin/account/"' in said(owner.get("/o/acme/admin/tables/walkthroughs/"))
    for path, method in ((ACCOUNT, "get"), (f"{ACCOUNT}looks/", "post")):
        visitor = Visitor(app)
        answer = getattr(visitor, method)(path, *(["/admin/login"] if method == "post" else []))
        assert (answer.status_code, "/admin/login" in answer.location) == (302, True)


def test_it_lists_the_sessions_in_words_and_marks_this_one(owner, second):
    page = said(owner.get(ACCOUNT))

    assert "Firefox on Linux" in page
    assert page.count("this one") == 1
    assert page.count("last used") == 2


def test_a_session_is_ended_and_all_others_are(app, site, owner, second, database):
    with database.transaction() as session:
        row = session.query(UserSession).filter_by(user_agent=FIREFOX).one()
    owner.post(f"{ACCOUNT}sessions/end/", page=ACCOUNT, id=row.id)
    assert is_inside(owner)
    assert not is_inside(second)

    third = Visitor(app)
    third.sign_in(OWNER, site["acme"][3])
    owner.post(f"{ACCOUNT}sessions/end/", page=ACCOUNT)
    assert is_inside(owner)
    assert not is_inside(third)


def test_nobody_ends_a_session_of_somebody_else(app, site, owner, database):
    other = Visitor(app)
    other.sign_in("owner@other.example", site["other"][3])
    with database.transaction() as session:
        theirs = session.query(UserSession).join(User, User.id == UserSession.user_id).filter(
            User.email == "owner@other.example"
        ).one()  # fmt: skip
    answer = owner.post(f"{ACCOUNT}sessions/end/", page=ACCOUNT, id=theirs.id)

    assert answer.status_code == 404
    assert is_inside(other)


def test_when_a_session_was_used_is_stored_once_a_minute(owner, database):
    def used():
        with database.transaction() as session:
            return session.query(UserSession).one().last_used_at

    at_sign_in = used()
    owner.get(ACCOUNT)
    assert used() == at_sign_in
    with database.transaction() as session:
        session.execute(text("UPDATE user_session SET last_used_at = last_used_at - 61000"))
    owner.get(ACCOUNT)
    assert used() >= at_sign_in


@pytest.mark.parametrize("theme", ["light", "dark", "system"])
def test_the_theme_is_an_attribute_of_every_page(owner, theme):
    owner.post(f"{ACCOUNT}looks/", page=ACCOUNT, theme=theme)
    for path in (ACCOUNT, "/o/acme/admin/tables/walkthroughs/", "/admin/nothing-here"):
        marked = re.findall(r'<html lang="en" data-theme="(\w+)"', said(owner.get(path)))
        assert marked == ([] if theme == "system" else [theme])


def test_the_plain_editor_is_kept_and_a_theme_that_is_none_is_refused(owner, database):
    owner.post(f"{ACCOUNT}looks/", page=ACCOUNT, theme="dark", plain_editor="1")
    assert owner.post(f"{ACCOUNT}looks/", page=ACCOUNT, theme="pink").status_code == 400
    with database.transaction() as session:
        user = session.query(User).filter_by(email=OWNER).one()
        assert (user.theme, user.plain_editor) == ("dark", True)
    owner.post(f"{ACCOUNT}looks/", page=ACCOUNT, theme="dark")
    with database.transaction() as session:
        assert not session.query(User).filter_by(email=OWNER).one().plain_editor


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Chrome/140 Safari/537", "Chrome on macOS"),
        ("curl/8.0", "An unknown browser"),
        ("", "An unknown browser"),
        (None, "An unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(agent, words):
    assert browser_name(agent) == words


def test_sign_in_keeps_the_address_and_says_when_to_try_again(app, site):
    visitor = Visitor(app)
    pages = [visitor.sign_in(OWNER, "x" * 14) for _ in range(11)]

    assert f'value="{OWNER}"' in said(pages[0])
    assert (pages[0].status_code, pages[-1].status_code) == (200, 429)
    assert f'value="{OWNER}"' in said(pages[-1])
    seconds = int(pages[-1].headers["Retry-After"])
    assert 0 < seconds <= 900
    minutes = re.search(r"Too many attempts. Try again in (\d+) minutes?\.", said(pages[-1]))[1]
    assert abs(int(minutes) * 60 - seconds) <= 60
    assert "xxxxxxxxxxxxxx" not in said(pages[-1])


def test_who_has_lost_their_password_is_told_to_ask_an_owner_where_no_mail_is_sent(app, site):
    assert 'href="/admin/lost-password/"' in said(Visitor(app).get("/admin/login"))
    page = said(Visitor(app).get("/admin/lost-password/"))
    assert "Ask an owner" in page
    assert "<form" not in page


def test_a_lost_password_is_mailed_and_the_answer_does_not_tell_who_has_an_account(
    settings, site, database, capfd
):
    app = add_pages(create_app(replace(settings, smtp_url="console:")))
    lost = "/admin/lost-password/"
    known, unknown = (
        said(Visitor(app).post(lost, email=email)).replace(email, "")
        for email in (OWNER, "nobody@x.example")
    )
    mail = _mail(capfd)
    codes = [Visitor(app).post(lost, email="many@x.example").status_code for _ in range(4)]
    right = Visitor(app)
    right.sign_in(OWNER, site["acme"][3])  # asking locks nobody out

    assert known == unknown
    assert "E-mail to owner@acme.example" in mail
    assert "nobody" not in mail
    link = re.search(r"http://localhost:8000(/admin/password/\S+)", mail)[1]
    assert OWNER in said(Visitor(app).get(link))
    assert codes == [200, 200, 200, 429]
    assert is_inside(right)
    app.extensions["handrail"].database.close()


def _mail(capfd):
    """Return what was printed, once the thread that sends is done."""
    import threading

    for thread in threading.enumerate():
        if thread.name == "lost-password":
            thread.join()
    return capfd.readouterr().out
