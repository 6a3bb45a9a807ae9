"""Whose failed sign-ins are counted together: each account's, however it is spelt and asked."""

import re
from base64 import urlsafe_b64decode
from dataclasses import replace

import pytest

from admin.access import members, passwords, sign_in_limit
from tests.dashboard import Visitor, app, is_inside, password, said, site
from walkthroughs.runtime import attach

__all__ = ["app", "password", "site"]
OWNER, OTHER = "owner@acme.example", "owner@other.example"
WRONG = "x" * 14


def guess(app, times, email=OWNER, visitor=None):
    return [(visitor or Visitor(app)).sign_in(email, WRONG).status_code for _ in range(times)]


def known_cookie(answer):
    (header,) = [each for each in answer.headers.getlist("Set-Cookie") if "known_" in each]
    return header


def choose_password(app, database, chosen):
    """Choose another password by a link, in a browser that nobody has signed in with."""
    with app.app_context(), database.transaction() as session:
        user = members.find_user(session, OWNER)
        link = f"/admin/password/{passwords.link_token(app.extensions['handrail'].settings, user)}"
    browser = Visitor(app)
    browser.post(link, password=chosen, again=chosen)
    return browser


def known_browsers(app, password, number):
    """Return browsers in which the owner has signed in, and out again."""
    browsers = [Visitor(app) for _ in range(number)]
    for browser in browsers:
        browser.sign_in(OWNER, password)
        browser.post("/admin/logout", page="/o/acme/admin/servers/")
    return browsers


def token_of(visitor, page="/admin/login"):
    shown = said(visitor.get(page))
    return re.search(r'(?:name="csrf_token"[^>]*value|name="csrf-token" content)="([^"]+)"', shown)[
        1
    ]


@pytest.mark.parametrize(
    "spelling", ["owner@ａcme.example", "OWNER@acme｡example", "owner@ⓐcme.ⓔxample"]
)
def test_an_account_has_ten_failures_however_its_address_is_spelt(app, password, spelling):
    assert Visitor(app).sign_in(spelling, password).status_code == 302, "it is the same account"
    codes = guess(app, 5) + guess(app, 6, spelling)

    assert codes == [200] * 10 + [429]
    assert guess(app, 1) == [429]


def test_who_is_signed_in_does_not_take_back_the_failures_of_another_account(app, site):
    insider = Visitor(app)
    insider.sign_in(OTHER, site["other"][3])
    page = "/o/other/admin/members/"
    guess(app, 9)
    insider.post("/admin/login", page=page, email=OWNER, password=WRONG)

    assert guess(app, 2) == [200, 429]


def test_strangers_close_an_account_to_strangers_and_not_to_a_browser_that_has_signed_in(
    app, password
):
    known = Visitor(app)
    known.sign_in(OWNER, password)
    known.post("/admin/logout", page="/o/acme/admin/servers/")
    assert guess(app, 11)[-1] == 429
    with app.app_context():
        for number in range(100):
            sign_in_limit.count_failure(f"{number}@x.example", "127.0.0.1")
    assert Visitor(app).sign_in(OWNER, password).status_code == 429

    assert known.sign_in(OWNER, WRONG).status_code == 200
    assert known.sign_in(OWNER, password).status_code == 302
    assert is_inside(known)
    # That it has signed in says nothing of who tries elsewhere, nor to another account.
    assert Visitor(app).sign_in(OWNER, password).status_code == 429
    known.post("/admin/logout", page="/o/acme/admin/servers/")
    assert known.sign_in(OTHER, WRONG).status_code == 429


def test_a_browser_that_has_signed_in_has_ten_failures_too(app, password):
    (known,) = known_browsers(app, password, 1)

    assert guess(app, 11, visitor=known) == [200] * 10 + [429]
    assert known.sign_in(OWNER, password).status_code == 429
    assert Visitor(app).sign_in(OWNER, password).status_code == 302


def test_all_browsers_that_have_signed_in_to_an_account_share_ten_failures(app, password):
    browsers = known_browsers(app, password, 3)
    codes = [code for each in browsers for code in guess(app, 4, visitor=each)]

    assert codes == [200] * 10 + [429] * 2
    assert browsers[0].sign_in(OWNER, password).status_code == 429


def test_browsers_that_knew_the_password_before_it_was_changed_are_strangers(
    app, password, database
):
    browsers, chosen = known_browsers(app, password, 3), "a long new password"
    guess(app, 10, visitor=browsers[0])
    owner = choose_password(app, database, chosen)
    codes = [code for each in browsers for code in guess(app, 4, visitor=each)]

    assert codes == [200] * 10 + [429] * 2
    assert browsers[0].sign_in(OWNER, chosen).status_code == 429
    owner.post("/admin/logout", page="/o/acme/admin/servers/")
    assert owner.sign_in(OWNER, chosen).status_code == 302


def test_browsers_that_have_signed_in_ask_for_as_many_links_as_one_does(app, password, database):
    parts = app.extensions["handrail"]
    attach(app, replace(parts, settings=replace(parts.settings, smtp_url="console:")))

    def ask(visitor):
        return visitor.post("/admin/lost-password/", email=OWNER).status_code

    browsers = known_browsers(app, password, 5)
    assert [ask(each) for each in browsers] == [200] * 3 + [429] * 2
    choose_password(app, database, "a long new password")
    assert [ask(each) for each in browsers] == [200] * 3 + [429] * 2, "together, as strangers"


def test_what_proves_that_a_browser_has_signed_in_is_signed_and_of_one_account(app, site, password):
    known, thief = Visitor(app), Visitor(app)
    answer = known.sign_in(OWNER, password)
    header = known_cookie(answer)
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Path=/admin" in header
    name, held = re.match(r"(known_\w+)=([\w-]+)", header).groups()
    assert "owner" not in name
    assert b"owner" not in urlsafe_b64decode(held + "==")
    guess(app, 10)
    made = Visitor(app)
    mine = known_cookie(made.sign_in(OTHER, site["other"][3]))
    others = re.search(r"known_\w+=([^;]+)", mine)[1]
    for value in ("", "made up", "WyJvd25lckBhY21lLmV4YW1wbGUiLCJ4Il0", others):
        thief.client.set_cookie(name, value, path="/admin")
        assert thief.sign_in(OWNER, password).status_code == 429, value


def test_a_new_password_by_a_link_lets_in_whom_strangers_have_shut_out(app, site, database):
    guess(app, 10)
    chosen = "a long new password"
    owner = choose_password(app, database, chosen)
    owner.post("/admin/logout", page="/o/acme/admin/servers/")

    assert owner.sign_in(OWNER, chosen).status_code == 302


def test_all_addresses_of_a_household_are_counted_as_one(app, site, password):
    def sign_in(address, email=OWNER):
        visitor = Visitor(app)
        visitor.client.environ_base["REMOTE_ADDR"] = address
        return visitor.sign_in(email, password).status_code

    with app.app_context():
        for number in range(100):
            sign_in_limit.count_failure(f"{number}@x.example", f"2001:db8:1:2::{number:x}")

    assert sign_in("2001:db8:1:2:ffff::1") == 429
    assert sign_in("2001:db8:1:3::1") == 302


def test_json_is_refused_where_a_form_is_read_and_counts_for_nobody(app, site, caplog):
    visitor = Visitor(app)
    headers = {"X-CSRFToken": token_of(visitor)}
    guess(app, 9)
    for body in ({"email": OTHER, "password": site["other"][3]}, [1], 1, "x"):
        answer = visitor.client.post("/admin/login", json=body, headers=headers)
        assert (answer.status_code, list(answer.json)) == (415, ["error"])
    assert not is_inside(visitor)

    assert guess(app, 2) == [200, 429]
    assert not any(record.exc_info for record in caplog.records)


def test_no_address_takes_json_for_a_form(app, site, password, caplog):
    owner = Visitor(app)
    owner.sign_in(OWNER, password)
    token, codes = token_of(owner, "/o/acme/admin/servers/"), {}
    for rule in app.url_map.iter_rules():
        # The script of the editor sends JSON.
        if "POST" not in (rule.methods or ()) or rule.endpoint == "editor.draft":
            continue
        path = re.sub(r"<(?:[^:>]*:)?([^>]*)>", lambda name: NAMED.get(name[1], "1"), rule.rule)
        sent = {"json": [1], "headers": {"X-CSRFToken": token}}
        codes[rule.endpoint] = owner.client.post(path, **sent).status_code

    assert {"security.login", "lost_password.ask", "sign_in.authorize"} <= codes.keys()
    assert {name: code for name, code in codes.items() if code not in REFUSED} == {}
    assert not any(record.exc_info for record in caplog.records)


NAMED = {"organization_slug": "acme", "slug": "acme"}
REFUSED = {400, 401, 404, 415}
