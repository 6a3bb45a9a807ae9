"""The pages of a sign-in: codes, sessions, consent, and what an attacker tries with them."""

import re
from dataclasses import replace
from urllib.parse import urljoin

import httpx
import pytest
from sqlalchemy import text

from tests.signing_in import CALLBACK, LEA, Browser, answer_of, sql
from walkthroughs.identity import code_pages, mail


@pytest.fixture
def url(academy):
    return academy.authorize_url(academy.register()["client_id"])


def test_a_code_has_eight_digits_goes_to_the_address_and_counts_once(academy, url):
    browser = Browser(academy)
    page = browser.ask_code(url)
    (message,) = academy.mailbox.messages
    assert (message["To"], message["From"]) == (LEA, "learn@handrail.example")
    code = academy.mailbox.code()
    assert re.fullmatch(r"\d{4} \d{4}", code)
    assert browser.submit(page, "code", code=code).status_code == 303
    again = browser.submit(page, "code", code=code)

    assert "This code has ended" in again.text


def test_five_wrong_codes_end_the_right_one(academy, url):
    browser = Browser(academy)
    page = browser.ask_code(url)
    code = academy.mailbox.code().replace(" ", "")
    wrong = f"{(int(code) + 1) % 10**8:08}"
    told = [browser.submit(page, "code", code=wrong).text for _ in range(5)]

    assert [re.search(r"Tries left: \d|Five tries", each)[0] for each in told] == [
        "Tries left: 4", "Tries left: 3", "Tries left: 2", "Tries left: 1", "Five tries",
    ]  # fmt: skip
    assert "This code has ended" in browser.submit(page, "code", code=code).text


def test_wrong_codes_of_others_at_an_address_refuse_no_right_one(academy, url, monkeypatch):
    monkeypatch.setattr(code_pages, "_WRONG_CODES", replace(code_pages._WRONG_CODES, most=2))
    guesser, other = Browser(academy), Browser(academy)
    guessed = guesser.ask_code(url, "eve@x.example")
    code = academy.mailbox.code().replace(" ", "")
    wrong = f"{(int(code) + 1) % 10**8:08}"
    page = other.ask_code(url)
    told = [guesser.submit(guessed, "code", code=wrong) for _ in range(3)]

    assert [each.status_code for each in told] == [200, 200, 429]
    assert "Many people at your network&#39;s address" in told[2].text
    assert '<a href="/s/acme/oauth/authorize?' in told[2].text
    assert guesser.submit(guessed, "code", code=code).status_code == 429, "it has been tried"
    # A code that nobody has tried yet is no guess.
    assert other.submit(page, "code", code=academy.mailbox.code()).status_code == 303
    third = Browser(academy)
    page = third.ask_code(url, "new@x.example")
    assert third.submit(page, "code", code="1").status_code == 429
    assert third.submit(page, "code", code=academy.mailbox.code()).status_code == 429


def test_one_address_gets_five_hundred_codes_in_a_quarter_of_an_hour():
    assert (code_pages._MAILS_OF_CALLER.most, code_pages._MAILS_OF_CALLER.seconds) == (500, 900)


def test_a_code_counts_in_the_browser_that_asked_and_for_ten_minutes(academy, url):
    victim, attacker = Browser(academy), Browser(academy)
    page = victim.ask_code(url)
    code = academy.mailbox.code()
    other = attacker.ask_code(url, "eve@x.example")
    sign_in = re.search(r'name="sign_in" value="([\w-]+)"', page.text)[1]
    stolen = attacker.submit(other, "code", code=code, sign_in=sign_in)
    assert "This code has ended" in stolen.text
    sql(academy, "UPDATE sign_in_codes SET expires_at = expires_at - 600000")

    assert "This code has ended" in victim.submit(page, "code", code=code).text


NO_ADDRESSES = [
    "lea", "lea@x", "@x.example", "a,b@x.example", "a@x.example\r\nBcc: eve@x.example", "é@x.example",
    "a@x.example b@x.example", '"a"@x.example', "a@x..example", f"{'a' * 300}@x.example",
]  # fmt: skip


def test_what_is_no_address_gets_no_mail(academy, url, subtests):
    for typed in NO_ADDRESSES:
        with subtests.test(case=repr(typed)):
            page = Browser(academy).ask_code(url, typed)

            assert page.status_code in {200, 400}
            assert academy.mailbox.messages == []
    Browser(academy).ask_code(url)
    assert len(academy.mailbox.messages) == 1, "no limit was in the way of the mails before"


def test_an_address_gets_five_mails_in_a_quarter_of_an_hour_over_all_browsers(academy, url):
    answers = [Browser(academy).ask_code(url).status_code for _ in range(6)]
    other = Browser(academy).ask_code(url, "max@x.example")
    last = Browser(academy).ask_code(url)

    assert answers == [200] * 5 + [429]
    assert (other.status_code, last.status_code) == (200, 429)
    assert 0 < int(last.headers["retry-after"]) <= 900


def test_json_is_no_form_of_a_sign_in(academy, url):
    browser = Browser(academy)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(url).text)[1]
    headers = {"X-CSRFToken": token, "referer": url}
    for body in ([1], {"step": "email", "email": LEA}):
        answer = browser.request("POST", url, json=body, headers=headers)
        assert (answer.status_code, "cannot be read" in answer.text) == (400, True)
    assert academy.mailbox.messages == []
    for name in ("token", "revoke"):
        answer = httpx.post(f"{academy.oauth}/{name}", json={"grant_type": "refresh_token"})
        told = {"error": "invalid_request", "error_description": "Send a form."}
        assert (answer.status_code, answer.json()) == (400, told)


def test_a_mail_server_that_is_away_is_told_and_nothing_is_lost(academy, url):
    page = Browser(academy).get(url)
    assert "Sign in to Acme" in page.text
    away = replace(academy.settings, smtp_url="smtp://127.0.0.1:1")
    with pytest.raises(mail.MailNotSent):
        mail.send_mail(away, LEA, "x", "y")


def test_the_consent_page_tells_everything_and_no_policy_stops_the_answer(academy, url):
    browser = Browser(academy)
    page = browser.consent_page(url)
    told = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    policy = page.headers["content-security-policy"]

    for fact in (
        "Acme",
        LEA,
        "Tester",
        "an app on this computer (127.0.0.1)",
        "Nobody has checked",
    ):
        assert fact in told
    assert "form-action" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy.replace("default-src 'none'", "")
    assert page.headers["cache-control"] == "no-store"
    assert "form-action 'self'" in Browser(academy).get(url).headers["content-security-policy"]


def test_consent_is_asked_each_time_and_can_be_refused(academy, url):
    browser = Browser(academy)
    browser.allow(url)
    page = browser.get(url)
    assert 'value="allow"' in page.text

    assert answer_of(browser.submit(page, "cancel"))["error"] == "access_denied"


def test_nobody_allows_from_another_site_or_before_they_have_signed_in(academy, url):
    browser = Browser(academy)
    browser.consent_page(url)
    forged = browser.request("POST", url, data={"step": "allow"})
    assert forged.status_code == 303
    assert urljoin(url, forged.headers["location"]) == url  # the page again, not the app
    stranger = Browser(academy)
    page = stranger.get(url)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    early = stranger.request("POST", url, data={"step": "allow", "csrf_token": token})

    assert "Send the code" in early.text
    with academy.database.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM oauth_codes")).scalar() == 0


def test_somebody_else_signs_in_in_the_same_browser(academy, url):
    browser = Browser(academy)
    page = browser.consent_page(url)
    browser.submit(page, "sign-out")

    assert "max@x.example" in browser.consent_page(url, "max@x.example").text


def test_a_session_is_of_one_organization_and_ends_after_thirty_days(academy, url):
    browser = Browser(academy)
    browser.consent_page(url)
    sql(academy, "UPDATE learner_sessions SET expires_at = expires_at - 2592000000")

    assert "Send the code" in browser.get(url).text


ODD_NAMES = ["<script>alert(1)</script>", '"><img src=x>', "A\u202eB\u200b", "x" * 900]


def test_a_name_shows_as_text_and_hides_nothing(academy, subtests):
    for name in ODD_NAMES:
        with subtests.test(case=repr(name)):
            client_id = academy.register(client_name=name)["client_id"]
            page = Browser(academy).get(academy.authorize_url(client_id)).text

            assert "<script" not in page
            assert "<img src=x" not in page
            assert "\u202e" not in page
            assert "x" * 81 not in page


UNANSWERABLE = [
    {"client_id": None}, {"client_id": "x\u0000y"}, {"client_id": "https://"}, {"client_id": "é"},
    {"client_id": "http://app.example/client.json"}, {"redirect_uri": "https://evil.example/"},
    {"redirect_uri": "é"}, {"redirect_uri": "javascript:alert(1)"}, {"state": "a\u0000b"},
    {"response_type": 'to"ken'}, {"redirect_uri": 'http://127.0.0.1/"x'},
]  # fmt: skip


def test_what_cannot_be_answered_to_the_app_is_told_on_a_page(academy, subtests):
    for more in UNANSWERABLE:
        with subtests.test(case=repr(more)):
            client_id = academy.register()["client_id"]
            answer = httpx.get(academy.authorize_url(client_id, **more))

            assert answer.status_code == 400
            assert "The sign-in cannot go on" in answer.text
            assert "location" not in answer.headers


def test_parameters_that_come_twice_are_refused(academy, url):
    for name in ("state", "redirect_uri", "client_id", "code_challenge"):
        answer = httpx.get(f"{url}&{name}=x")
        assert answer.status_code in {302, 400}
        assert "error" in answer.headers.get("location", "error")


def test_any_state_comes_back_as_it_was(academy):
    client_id = academy.register()["client_id"]
    for state in ("a b&c=d", "é✓", "%00", '"\\', "x" * 3_000):
        browser = Browser(academy)
        page = browser.get(academy.authorize_url(client_id, state=state, code_challenge=None))
        assert answer_of(page)["state"] == state


def test_pages_that_stood_open_beside_each_other_each_go_on(academy):
    client_ids = [academy.register(client_name=f"App {number}")["client_id"] for number in range(3)]
    urls = [academy.authorize_url(each) for each in client_ids]
    browser = Browser(academy)
    pages = [browser.get(each) for each in urls]
    waiting = []
    for page, email in zip(pages, ("a@x.example", "b@x.example", "c@x.example"), strict=True):
        waiting.append((browser.submit(page, "email", email=email), academy.mailbox.code()))
    answers = [browser.submit(page, "code", code=code) for page, code in waiting]

    assert [answer.status_code for answer in answers] == [303] * 3
    assert CALLBACK in httpx.URL(urls[0]).params["redirect_uri"]
