"""Few threads wait for hosts that others name; a few more wait for a place, and pages go on."""

import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from html import unescape
from urllib.parse import urljoin

import httpx
import pytest

from tests.client_documents import academy, host
from tests.dashboard import app, owner, said, site
from tests.openid import Learner, provider_served, school_served
from tests.signing_in import LEA, Browser, sql
from tests.waiting import PATIENCE, SOON, until
from walkthroughs.identity import client_documents, code_pages, outside_http, outside_waits
from walkthroughs.identity.outside_http import HostUnusable, OutsideHttp
from walkthroughs.identity.outside_waits import HostsAwaited, Kind, waiting
from walkthroughs.identity.request_limits import Limit
from walkthroughs.models import McpServer
from walkthroughs.runtime import attach
from walkthroughs.serving.sizes import Sizes

__all__ = ["academy", "app", "host", "owner", "site"]

MOMENT = "The server is busy. Try again in a moment."
AGAIN = re.compile(r'<a href="([^"]+)">Try again</a>')


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Whoever waits for a place gives up at once."""
    monkeypatch.setattr(outside_waits, "_PATIENCE_SECONDS", 0)


@pytest.fixture
def patient(hurried, monkeypatch):
    """Whoever waits for a place does so until there is one."""
    monkeypatch.setattr(outside_waits, "_PATIENCE_SECONDS", PATIENCE)


@contextmanager
def all_wait(database, kind):
    """Let as many wait for hosts of this kind as may, in a process of the usual size."""
    usual = replace(database, pool_size=Sizes().pool_size)
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(waiting(usual, kind))
            except HostsAwaited:
                break
        yield


def browser_at(academy, address):
    return Browser(academy, lambda: httpx.HTTPTransport(local_address=address))


@contextmanager
def all_taken(database, kind):
    """The same as far as there are places, without waiting for one more."""
    with ExitStack() as stack:
        for _ in range(outside_waits.places(database, kind)):
            stack.enter_context(waiting(database, kind))
        yield


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_two_documents_are_waited_for_at_once_and_nobody_else_waits(academy, host):
    kept, answered = host.publish("kept.json"), threading.Event()
    app = academy.authorize_url(academy.register()["client_id"])

    def hang(request):
        answered.wait(PATIENCE)
        request.send_response(404)
        request.end_headers()

    def ask(client_id, address="127.0.0.1"):
        return browser_at(academy, address).get(academy.authorize_url(client_id))

    assert ask(kept).status_code == 200
    sql(academy, "UPDATE client_documents SET fresh_until = 0")
    asked = host.asked
    host.answers |= dict.fromkeys(("/one.json", "/two.json", "/three.json"), hang)
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(ask, host.address("one.json"), "127.0.0.2")]
        try:
            until(lambda: host.asked == asked + 1)
            again = ask(host.address("two.json"), "127.0.0.2")
            assert again.status_code == 503, "one caller has one place"
            slow.append(pool.submit(ask, host.address("two.json"), "127.0.0.3"))
            until(lambda: host.asked == asked + 2)
            third = ask(host.address("three.json"))
            assert (third.status_code, third.headers.get("Retry-After")) == (503, "2")
            assert MOMENT in text_of(third)
            # Who is known by a copy is let in, and codes go out by mail.
            assert ask(kept).status_code == 200
            assert "code" in Browser(academy).ask_code(app).text
            assert academy.mailbox.code()
            assert not slow[0].done(), "it has waited all the time"
        finally:
            answered.set()
        assert [each.result().status_code for each in slow] == [400, 400]
    assert host.asked == asked + 2
    host.publish("three.json")
    assert ask(host.address("three.json")).status_code == 200


def test_one_caller_does_not_use_up_the_documents_that_an_organization_may_read(
    academy, host, monkeypatch
):
    monkeypatch.setattr(client_documents, "_FETCHES_OF_CALLER", Limit("few-documents", 2, 3600))
    codes = [
        Browser(academy).get(academy.authorize_url(host.publish(f"{number}.json"))).status_code
        for number in range(3)
    ]

    assert codes == [200, 200, 429]
    assert host.asked == 2
    with all_wait(academy.database, Kind.DOCUMENT):
        page = Browser(academy).get(academy.authorize_url(host.publish("last.json")))
        assert page.status_code == 429, "who is refused waits for no place"


def test_a_code_that_has_to_wait_is_not_counted_and_the_address_stays_in_the_form(academy):
    browser, url = Browser(academy), academy.authorize_url(academy.register()["client_id"])
    with all_wait(academy.database, Kind.MAIL):
        for _ in range(6):
            page = browser.ask_code(url)
            assert (page.status_code, MOMENT in text_of(page)) == (200, True)
            assert f'value="{LEA}"' in page.text
    assert academy.mailbox.messages == []

    assert browser.allow(url)["code"]


def test_one_caller_does_not_use_up_the_mails_of_an_organization(academy, monkeypatch):
    monkeypatch.setattr(
        code_pages, "_MAILS_OF_CALLER", replace(code_pages._MAILS_OF_CALLER, most=3)
    )
    url = academy.authorize_url(academy.register()["client_id"])
    pages = [Browser(academy).ask_code(url, f"{number}@x.example") for number in range(4)]

    assert [page.status_code for page in pages] == [200, 200, 200, 429]
    assert "Many people at your network&#39;s address" in pages[3].text
    with all_wait(academy.database, Kind.MAIL):
        page = Browser(academy).ask_code(url, "last@x.example")
        assert page.status_code == 429, "who is refused waits for no place"


def test_the_answer_of_a_provider_that_has_to_wait_can_be_sent_again(database, settings):
    with provider_served() as provider, school_served(database, settings, provider) as school:
        person = Learner(school)
        url = school.authorize_url(school.register()["client_id"])
        with all_wait(school.database, Kind.PROVIDER):
            page = person.submit(person.get(url), "provider")
            assert MOMENT in text_of(page)
        answer = person.submit(page, "provider")
        assert answer.headers["location"].startswith(provider.issuer), "the button is still there"
        back = person.leave(url)
        with all_wait(school.database, Kind.PROVIDER):
            page = person.get(back)
            assert (page.status_code, page.headers["retry-after"]) == (503, "2")
            assert MOMENT in text_of(page)

        again = urljoin(back, unescape(AGAIN.search(page.text)[1]))
        assert again == back
        assert 'value="allow"' in person.arrive(again).text


@pytest.mark.usefixtures("patient")
def test_who_finds_all_places_taken_waits_for_one(academy):
    url, taken = academy.authorize_url(academy.register()["client_id"]), ExitStack()
    with ThreadPoolExecutor(1) as pool, taken:
        usual = replace(academy.database, pool_size=Sizes().pool_size)
        taken.enter_context(all_taken(usual, Kind.MAIL))
        asked = pool.submit(Browser(academy).ask_code, url)
        until(lambda: outside_waits._queued[Kind.MAIL] == 1)
        assert academy.mailbox.messages == []
        taken.close()
        assert "Type the code" in text_of(asked.result())


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("sizes", "kind", "queued"),
    [
        (Sizes(), Kind.MAIL, 4),
        (Sizes(), Kind.DOCUMENT, 1),
        (Sizes(4, 1), Kind.MAIL, 1),
        (Sizes(4, 1), Kind.DOCUMENT, 1),
    ],
)
def test_few_threads_wait_for_a_place_and_some_are_left_for_pages(database, sizes, kind, queued):
    served, taken = replace(database, pool_size=sizes.pool_size), ExitStack()

    def wait():
        with waiting(served, kind):
            return True

    with ThreadPoolExecutor(queued) as pool, taken:
        taken.enter_context(all_taken(served, kind))
        waits = [pool.submit(wait) for _ in range(queued)]
        until(lambda: outside_waits._queued.total() == queued)
        begun = time.monotonic()
        with pytest.raises(HostsAwaited), waiting(served, kind):
            pass
        assert time.monotonic() - begun < SOON, "who is one too many is told at once"
        taken.close()
        assert all(each.result() for each in waits)
    assert outside_waits._queued.total() == outside_waits._waiting.total() == 0


def test_the_page_of_an_app_that_has_to_wait_leads_to_itself(academy, host):
    url = academy.authorize_url(host.publish("app.json"))
    with all_wait(academy.database, Kind.DOCUMENT):
        page = Browser(academy).get(url)

    assert urljoin(url, unescape(AGAIN.search(page.text)[1])) == url


def test_of_ten_threads_five_wait_and_hosts_of_one_kind_leave_one_to_the_others(database):
    served = replace(database, pool_size=Sizes().pool_size)

    def most(kind, *others):
        with ExitStack() as stack:
            for each in others:
                stack.enter_context(all_wait(database, each))
            for number in range(99):
                try:
                    stack.enter_context(waiting(served, kind))
                except HostsAwaited:
                    return number

    assert [most(kind) for kind in Kind] == [2, 4, 4, 4, 4]
    assert most(Kind.MAIL, Kind.REPOSITORY) == 1
    assert most(Kind.MAIL, Kind.DOCUMENT, Kind.REPOSITORY) == 0
    served = replace(database, pool_size=Sizes(4, 1).pool_size)
    assert [most(kind) for kind in Kind] == [2, 2, 2, 2, 2]


def test_a_name_that_is_looked_up_for_long_is_given_up_in_time(monkeypatch):
    ended = threading.Event()

    def slow(*_, **__):
        ended.wait(PATIENCE)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(outside_http, "SECONDS", 0.2)
    begun = time.monotonic()
    try:
        with pytest.raises(HostUnusable, match=r"slow\.example cannot be found") as failed:
            OutsideHttp(lambda _: True).ask("https://slow.example/", {})
        assert time.monotonic() - begun < SOON
    finally:
        ended.set()
    assert not failed.value.is_refused


def test_pages_of_the_dashboard_say_so_and_keep_what_was_made(app, owner, site, database):
    parts = app.extensions["handrail"]
    attach(app, replace(parts, settings=replace(parts.settings, smtp_url="smtp://127.0.0.1:1")))
    tab, members = "/o/acme/admin/servers/acme/?tab=settings", "/o/acme/admin/members/"
    with database.transaction() as session:
        session.get_one(McpServer, site["acme"][1]).custom_domain = "nowhere.invalid"
    with all_wait(database, Kind.DOMAIN):
        look = owner.post("/o/acme/admin/servers/acme/settings/domain", page=tab)
        assert look.status_code == 303
        assert MOMENT in said(owner.get(tab))
    with database.transaction() as session:
        assert session.get_one(McpServer, site["acme"][1]).domain_checked_at is None
    with all_wait(database, Kind.MAIL):
        shown = owner.post(f"{members}invite/", page=members, emails=LEA, role="editor")
    assert "/admin/invitations/" in said(shown)
    assert MOMENT in said(shown) + said(owner.get(members))
