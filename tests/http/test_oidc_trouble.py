"""What goes wrong at a provider, and what attackers try with its answers."""

import logging
import re
import threading
import time
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from tests.client_documents import document_host
from tests.openid import NAME, Learner, provider_served, school_served, send, use_provider
from tests.signing_in import LEA, sql
from walkthroughs.identity.outside_http import HostUnusable, OutsideHttp
from walkthroughs.mcp_server.redaction import RedactLinks
from walkthroughs.models import LearnerIdentity, LearnerSession

DISCOVERY, KEYS, TOKEN, USERINFO = (
    "/.well-known/openid-configuration", "/keys", "/token", "/userinfo",
)  # fmt: skip


@pytest.fixture
def provider():
    with provider_served() as made:
        yield made


@pytest.fixture
def school(database, settings, provider):
    with school_served(database, settings, provider) as made:
        yield made


@pytest.fixture
def url(school):
    return school.authorize_url(school.register()["client_id"])


def told(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def refused(school, page, words):
    """Nobody is signed in, and the page says why and leads back to where to try again."""
    with school.database.transaction() as session:
        assert session.scalars(select(LearnerSession)).all() == []
        assert session.scalars(select(LearnerIdentity)).all() == []
    return page.status_code in {400, 503} and words in told(page)


def out_of_order(request):
    send(request, b"Bad gateway", 502)


def test_a_provider_that_is_away_is_told_on_a_page_from_which_one_tries_again(
    school, url, provider
):
    person = Learner(school)
    provider.answers[DISCOVERY] = out_of_order
    page = person.submit(person.get(url), "provider")
    assert f"{NAME} does not answer now" in told(page)
    del provider.answers[DISCOVERY]
    back = person.get(person.submit(page, "provider").headers["location"]).headers["location"]
    for path in (TOKEN, KEYS, USERINFO):
        provider.answers = {path: out_of_order}
        page = person.get(back)
        assert page.status_code == 503
        assert refused(school, page, f"{NAME} does not answer now")
        again = re.search(r'<a href="([^"]+)">Try again', page.text)[1].replace("&amp;", "&")
        assert again == url
        back = person.leave(again)
    provider.answers = {}

    assert 'value="allow"' in person.arrive(back).text


def test_a_provider_whose_host_is_gone_is_told(school, url):
    use_provider(school, "http://127.0.0.1:1")
    person = Learner(school)

    assert "does not answer now" in told(person.submit(person.get(url), "provider"))


@pytest.mark.parametrize("seconds", [-120, 120])
def test_a_clock_that_is_two_minutes_off_signs_nobody_out(school, url, provider, seconds):
    provider.clock_seconds = seconds

    assert 'value="allow"' in Learner(school).sign_in(url).text


def test_keys_are_rotated_without_anybody_noticing_and_asked_for_once_more(school, url, provider):
    assert 'value="allow"' in Learner(school).sign_in(url).text
    provider.keys, provider.signs_with = ["first", "second"], "second"
    assert 'value="allow"' in Learner(school).sign_in(url).text

    def stale(request):
        """Publish the keys of before, for the last time."""
        provider.answers.clear()
        send(request, {"keys": []})

    provider.answers[KEYS] = stale
    assert 'value="allow"' in Learner(school).sign_in(url).text
    provider.keys = ["first"]
    provider.asked.clear()
    person = Learner(school)
    page = person.sign_in(url)

    assert "a key that the provider does not publish" in told(page)
    assert provider.asked.count(KEYS) == 2


WRONG = [
    ({"claims": {"nonce": "of another sign-in"}}, "The ID token is wrong"),
    ({"claims": {"iss": "https://evil.example"}}, "The ID token is wrong"),
    ({"claims": {"aud": "another app"}}, "The ID token is wrong"),
    ({"claims": {"sub": "a\u0000b"}}, "names nobody"),
    ({"answer": {"iss": "https://evil.example"}}, "came from another provider"),
    ({"answer": {"iss": None}}, "came from another provider"),
    ({"answer": {"code": "of somebody else"}}, "refused to say who has signed in: invalid_grant"),
    ({"answer": {"code": None}}, "holds no code"),
    ({"answer": {"error": "access_denied"}}, f"You did not sign in at {NAME}"),
    ({"answer": {"error": "server_error"}}, "It answered: server_error"),
    ({"answer": {"error": "<script>"}}, "It answered: an error"),
    ({"userinfo": {"sub": "another", "email": LEA, "email_verified": True}}, "somebody else"),
    ({"signs_with": "unknown"}, "a key that the provider does not publish"),
]  # fmt: skip


def test_a_wrong_answer_signs_nobody_in_and_is_told(school, url, provider):
    person = Learner(school)
    for changed, words in WRONG:
        before = dict(vars(provider))
        for name, value in changed.items():
            setattr(provider, name, before[name] | value if isinstance(value, dict) else value)
        page = person.sign_in(url)
        vars(provider).update(before)
        assert refused(school, page, words), (changed, told(page))


def test_an_answer_is_taken_once_in_one_browser_and_within_half_an_hour(school, url):
    person, thief = Learner(school), Learner(school)
    back = person.leave(url)
    assert "another browser" in told(thief.get(back))
    state = httpx.URL(back).params["state"]
    for wrong in (back.replace(state, "x" * 43), back.partition("?")[0], f"{back}%00"):
        assert person.get(wrong).status_code == 400
    assert 'value="allow"' in person.arrive(back).text
    assert "its answer was used already" in told(person.get(back))
    person = Learner(school)
    late = person.leave(url)
    sql(school, "UPDATE oidc_sign_ins SET expires_at = expires_at - 1800000")

    assert "This sign-in has ended" in told(person.get(late))


def test_an_answer_for_the_provider_of_before_counts_nowhere(school, url, provider):
    person = Learner(school)
    back = person.leave(url)
    use_provider(school, provider.issuer, "Other Login")

    assert refused(school, person.get(back), "This sign-in has ended")


def test_a_secret_that_cannot_be_read_any_more_is_told(school, url):
    sql(school, "UPDATE oidc_providers SET client_secret = 'of another key'")
    person = Learner(school)

    assert "cannot read its secret" in told(person.submit(person.get(url), "provider"))


def test_documents_that_are_huge_or_none_sign_nobody_in(school, url, provider):
    person = Learner(school)
    for answer in (b"x" * 70_000, b"no JSON", b"[1]", b"[" * 60_000, b'{"id_token": 1}', b"\xff"):
        provider.answers = {DISCOVERY: lambda request, body=answer: send(request, body)}
        assert "could not sign you in" in told(person.submit(person.get(url), "provider"))
        for path in (KEYS, TOKEN, USERINFO):
            provider.answers = {}
            back = person.leave(url)
            provider.answers[path] = lambda request, body=answer: send(request, body)
            assert refused(school, person.get(back), "could not sign you in")


def test_a_slow_provider_is_given_up_after_five_seconds(school, url, provider):
    def drip(request):
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(b" ")
            request.wfile.flush()
            threading.Event().wait(0.5)

    provider.answers[DISCOVERY] = drip
    person = Learner(school)
    page = person.get(url)
    begun = time.monotonic()
    answer = person.submit(page, "provider")

    assert "does not answer now" in told(answer)
    assert time.monotonic() - begun > 4


def test_no_host_of_our_own_network_is_asked_unless_the_settings_allow_it(provider, tmp_path):
    with document_host(tmp_path) as host:
        with pytest.raises(HostUnusable, match="not on the Internet"):
            OutsideHttp(context=host.reader.context).ask(host.publish(), {})
        assert host.asked == 0
        allowed = OutsideHttp(lambda _: True, host.reader.context)
        assert allowed.ask(f"{host.publish()}", {}).status == 200
        with pytest.raises(HostUnusable):
            OutsideHttp(lambda _: True).ask(host.publish(), {})  # an unknown certificate


def test_no_log_has_a_code_or_a_secret(school, url, caplog):
    caplog.set_level(logging.DEBUG)
    person = Learner(school)
    back = person.leave(url)
    code = httpx.URL(back).params["code"]
    person.arrive(back)
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    for record in ours:
        RedactLinks().filter(record)
    lines = [record.getMessage() for record in ours]

    assert [line for line in lines if code in line or "s3cret" in line] == []


def test_begun_sign_ins_are_counted(school, url, monkeypatch):
    from walkthroughs.identity import provider_pages

    monkeypatch.setattr(provider_pages, "_BEGUN", replace(provider_pages._BEGUN, most=2))
    person = Learner(school)
    pages = [person.submit(person.get(url), "provider") for _ in range(3)]

    assert [page.status_code for page in pages] == [303, 303, 429]
    assert pages[2].headers["retry-after"]
