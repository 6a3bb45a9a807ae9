"""An open page hears of a learner's step, whichever process has taken it; nobody else does."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from types import SimpleNamespace

import httpx
import pytest
from sqlalchemy import delete, text

from admin.access.accounts import create_owner
from app import add_pages, build_app, create_app
from tests.builders import content, learner, new_course, organization, walkthrough
from tests.live import listening, signed_in
from tests.serving import served
from tests.waiting import SOON, until
from walkthroughs.events.announcements import ANY
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.metrics import Metrics
from walkthroughs.models import Member
from walkthroughs.serving.listeners import MOST_OF_MEMBER, Listeners
from walkthroughs.serving.live_page import LivePage

SCOPE = {"type": "http", "method": "GET", "path": "/o/acme/admin/live", "headers": []}


@pytest.fixture
def site(database, settings):
    """A served dashboard with two organizations, and a learner in the first."""
    app = add_pages(create_app(settings))
    with app.app_context(), database.transaction() as session:
        caller, row = new_course(session, content("one", "two", "three"))
        other = organization(session, "other")
        words = [
            create_owner(session, org, f"owner@{slug}.example")
            for slug, org in (("acme", caller.organization_id), ("other", other.id))
        ]
    service = build_app(settings, app)
    with served(service) as origin, ExitStack() as stack:

        def sign_in(slug):
            word = words[slug == "other"]
            return stack.enter_context(signed_in(origin, f"owner@{slug}.example", word))

        yield SimpleNamespace(
            origin=origin, app=app, service=service, caller=caller, row=row, sign_in=sign_in,
            open=lambda: progress.select(database, ContentCache(), caller, row, resume=True),
        )  # fmt: skip


def test_a_step_is_heard_within_a_second_by_its_organization_alone(site, database):
    owner, stranger = site.sign_in("acme"), site.sign_in("other")
    with listening(owner) as heard, listening(stranger, "other") as elsewhere:
        began = time.monotonic()
        site.open()
        until(lambda: heard.events)
        took = heard.at[0] - began
        with listening(owner) as late:  # its page may show what was before
            until(lambda: late.events)
        again = site.sign_in("acme").get("/metrics").text
    print(f"heard after {took:.3f} s")

    assert heard.events[0] == [site.row]
    assert late.events == [[ANY]]
    assert elsewhere.events == []
    assert took < SOON  # a second on a machine that has nothing else to do
    assert 'handrail_listeners{kind="pages"}' in again
    assert 'handrail_notices_total{kind="pages"} 2.0' in again


def test_only_a_member_of_the_organization_gets_a_stream(site):
    visitor, stranger = httpx.Client(base_url=site.origin), site.sign_in("other")
    with visitor:
        assert visitor.get("/o/acme/admin/live").status_code == 401
    assert stranger.get("/o/acme/admin/live").status_code == 404
    assert stranger.get("/o/nowhere/admin/live").status_code == 404
    assert stranger.post("/o/other/admin/live").status_code == 404


@pytest.mark.parametrize("ends", ["session", "membership"])
def test_a_stream_ends_soon_after_the_right_to_it(site, database, ends):
    live = next(
        each for each in site.service.routes if each.path == "/o/{slug}/admin/live"
    ).endpoint
    live._guard_seconds = 0.2  # a minute in production
    owner = site.sign_in("acme")
    with listening(owner) as heard:
        with database.transaction() as session:
            if ends == "session":
                session.execute(text("DELETE FROM user_session"))
            else:
                session.execute(
                    delete(Member).where(Member.organization_id == site.caller.organization_id)
                )
        until(lambda: heard.has_ended)
    assert owner.get("/o/acme/admin/live").status_code == (401 if ends == "session" else 404)


def test_several_changes_in_half_a_second_become_one_notice():
    async def run():
        listeners, sent, heard = Listeners(Metrics()), [], asyncio.Queue()
        page = LivePage(_names_ann, listeners, Metrics())

        async def send(message):
            body = message.get("body", b"")
            if b"changed" in body:
                sent.append(body.decode())
            if b"changed" in body or b"retry" in body:
                heard.put_nowait(None)

        async def receive():
            await left.wait()
            return {"type": "http.disconnect"}

        left = asyncio.Event()
        answer = asyncio.ensure_future(page(SCOPE, receive, send))
        await heard.get()  # it listens
        listeners.announce({"org_acme": frozenset({"wt_0"})})
        await heard.get()
        for number in range(20):  # while it pauses
            listeners.announce({"org_acme": frozenset({f"wt_{number % 3}"})})
        await heard.get()
        left.set()
        await answer
        return sent

    assert asyncio.run(run()) == [
        'event: changed\ndata: ["wt_0"]\n\n',
        'event: changed\ndata: ["wt_0", "wt_1", "wt_2"]\n\n',
    ]


async def _names_ann(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send(
        {"type": "http.response.body", "body": b'{"organization": "org_acme", "member": "ann"}'}
    )


def test_pages_are_made_while_a_member_has_as_many_streams_as_one_can(site):
    owner = site.sign_in("acme")
    with ExitStack() as stack:
        for _ in range(MOST_OF_MEMBER):
            stack.enter_context(listening(owner))
        refused = owner.get("/o/acme/admin/live")
        page = owner.get("/o/acme/admin/learners/")
        metrics = owner.get("/metrics").text
    assert (refused.status_code, page.status_code) == (429, 200)
    assert f'handrail_listeners{{kind="pages"}} {MOST_OF_MEMBER}.0' in metrics
    assert 'handrail_listeners_refused_total{kind="pages"} 1.0' in metrics


def test_after_the_listening_connection_was_lost_every_page_draws_again(site, database):
    owner = site.sign_in("acme")
    with listening(owner) as heard:
        with database.begin() as connection:
            ended = connection.execute(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE query = 'LISTEN events'"
                )
            ).scalar()
        assert ended >= 1
        until(lambda: heard.events)
        assert heard.events[0] == [ANY]
        assert "handrail_listen_reconnects_total 1.0" in owner.get("/metrics").text
        site.open()
        until(lambda: [site.row] in heard.events)


def test_what_is_drawn_again_has_neither_menu_nor_messages_and_writes_no_cookie(site, database):
    owner = site.sign_in("acme")
    with database.transaction() as session:
        lea = learner(session, site.caller.organization_id, "zoe@x.example")
        walkthrough(session, site.caller.organization_id, content(id="tea", title="Tea"))
        page = f"/o/acme/admin/learners/{lea.id}"
    shown = owner.get(f"{page}/").text
    token = shown.split('name="csrf-token" content="')[1].split('"')[0]
    form = {"csrf_token": token, "typed": "nobody"}
    assert owner.post(f"{page}/erase", data=form).status_code == 303

    again = owner.get(f"{page}/", headers={"Handrail-Live": "1"})

    assert 'id="places" data-live' in again.text
    assert "Nothing is erased" not in again.text
    assert "Sign out" not in again.text
    assert "set-cookie" not in again.headers
    assert "Nothing is erased" in owner.get(f"{page}/").text


def test_streams_end_at_once_when_the_server_stops(database, settings):
    app = add_pages(create_app(settings))
    with app.app_context(), database.transaction() as session:
        acme = organization(session, "acme")
        word = create_owner(session, acme.id, "owner@acme.example")
    with ExitStack() as stack:
        with served(build_app(settings, app)) as origin:
            owner = stack.enter_context(signed_in(origin, "owner@acme.example", word))
            heard = [stack.enter_context(listening(owner)) for _ in range(5)]
        until(lambda: all(each.has_ended for each in heard))

    assert not any(each.was_cut for each in heard)  # as uvicorn would after a second
