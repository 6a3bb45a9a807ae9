"""Clients hear that the lists of their own server have changed, and of nothing else."""

from __future__ import annotations

from contextlib import ExitStack
from types import SimpleNamespace

import httpx
import pytest
from mcp.types import METHOD_NOT_FOUND
from sqlalchemy import text

from app import add_pages, build_app, create_app
from tests.builders import DASHBOARD, content, new_course, show, walkthrough
from tests.http.posting import ask
from tests.refusing import connections_refused
from tests.serving import served
from tests.streams import ALL, CONTENT, by_get, by_listen, get_headers, listen_request, told
from tests.waiting import until
from walkthroughs.enums import SignIn
from walkthroughs.identity.links import create_link, revoke_links
from walkthroughs.models import McpServer
from walkthroughs.publishing import assignments, writer

LISTS = ["tools", "prompts", "resources"]


@pytest.fixture
def site(database, settings):
    """A served product with two organizations, and a learner's link to each."""
    with database.transaction() as session:
        caller, row = new_course(session, content())
        other, other_row = new_course(session, content(), "other")
        links = {slug: create_link(session, slug, "lea@x.example") for slug in ("acme", "other")}
    service = build_app(settings, add_pages(create_app(settings)))
    streams = next(each.endpoint._app.__self__.streams for each in service.routes)
    with served(service) as origin, httpx.Client() as client:
        anonymous = f"{origin}/s/acme/mcp"
        yield SimpleNamespace(
            client=client, caller=caller, row=row, other=other, other_row=other_row,
            anonymous=anonymous, address=f"{anonymous}/u/{links['acme']}", origin=origin,
            elsewhere=f"{origin}/s/other/mcp/u/{links['other']}", streams=streams,
        )  # fmt: skip


def publish(database, caller, row, title):
    with database.transaction() as session:
        wanted = content(title=title)
        writer.publish(session, caller.organization_id, row, wanted, DASHBOARD)


def test_each_change_of_a_server_is_heard_on_its_own_streams_once(site, database):
    """Of both kinds, by a learner and by anybody; a learner's steps are no change."""
    owner, server_id = site.caller.organization_id, site.caller.server_id

    def unpublish(session):
        show(session, owner, site.row, published=False)

    def assign(session):
        tea = walkthrough(session, owner, content(id="tea"))
        assignments.assign(session, owner, server_id, [tea])

    def switch_off(session):
        assignments.switch(session, owner, server_id, site.row, is_enabled=False)

    def tools_off(session):
        session.get(McpServer, server_id).walkthrough_tools_enabled = False

    with ExitStack() as stack:
        by_link = stack.enter_context(by_get(site.client, site.address))
        anonymous = stack.enter_context(by_listen(site.client, site.anonymous))
        uris = {"resourceSubscriptions": [f"handrail://walkthroughs/{site.other_row}"]}
        some = {"promptsListChanged": True, **uris}
        prompts = stack.enter_context(by_listen(site.client, site.address, some))
        elsewhere = stack.enter_context(by_listen(site.client, site.elsewhere))
        agreed = [each.events[0]["params"]["notifications"] for each in (anonymous, prompts)]
        assert agreed == [ALL, {"promptsListChanged": True}]

        publish(database, site.caller, site.row, "Ship it")
        until(lambda: len(told(anonymous)) == len(told(by_link)) == 2)
        walked = ask(site.address, "modern", "tools/call", name="select_walkthrough",
                     arguments={"walkthrough_id": site.row}).json()  # fmt: skip
        assert not walked["result"]["isError"]
        for count, change in enumerate((assign, switch_off, unpublish), 2):
            with database.transaction() as session:
                change(session)
            if change is not unpublish:  # it was not on offer any more
                until(lambda n=2 * count: len(told(anonymous)) == len(told(by_link)) == n)
        with database.transaction() as session:
            tools_off(session)
        until(lambda: told(anonymous)[6:] == told(by_link)[6:] == LISTS)
        assert ask(site.anonymous, "modern", "tools/list").json()["result"]["tools"] == []
        assert told(anonymous) == told(by_link) == [*CONTENT * 3, *LISTS]
        until(lambda: told(prompts) == ["prompts"] * 4)
        publish(database, site.other, site.other_row, "Other")
        until(lambda: told(elsewhere) == CONTENT)
        assert len(told(anonymous)) == 9
        ids = {event["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"]
               for event in anonymous.events}  # fmt: skip
        assert ids == {"seven"}
        metrics = site.client.get(f"{site.origin}/metrics").text
        assert 'handrail_listeners{kind="lists"} 4.0' in metrics


def test_at_the_end_streams_end_with_their_last_frame(database, settings):
    with database.transaction() as session:
        new_course(session, content())
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client())
        with served(build_app(settings, add_pages(create_app(settings)))) as origin:
            address = f"{origin}/s/acme/mcp"
            listening = [stack.enter_context(by_listen(client, address)) for _ in range(10)]
            opened = [stack.enter_context(by_get(client, address)) for _ in range(10)]
        until(lambda: all(each.has_ended for each in (*listening, *opened)))

    assert [each.events[-1]["id"] for each in listening] == ["seven"] * 10
    assert {each.events[-1]["result"]["resultType"] for each in listening} == {"complete"}
    assert not any(each.was_cut for each in opened)  # as uvicorn does after a second


def test_who_was_away_or_may_have_missed_something_lists_again(site, database):
    with ExitStack() as stack:
        before = [
            stack.enter_context(by_get(site.client, site.address)),
            stack.enter_context(by_listen(site.client, site.elsewhere)),
        ]
        back = stack.enter_context(by_get(site.client, site.address, last_event_id="0"))
        until(lambda: told(back) == LISTS)
        with database.begin() as connection:
            ended = connection.execute(
                text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE query IN ('LISTEN events', 'LISTEN content')"
                )
            ).scalar()
        assert ended == 1  # one connection hears of all
        until(lambda: [told(each) for each in before] == [LISTS, LISTS])


def test_a_stream_ends_soon_after_the_right_to_it(site, database):
    site.streams._guard_seconds = 0.3  # four minutes in production
    with by_get(site.client, site.address) as opened, by_listen(site.client, site.address) as heard:
        with by_listen(site.client, site.anonymous) as anybody:
            with database.transaction() as session:
                revoke_links(session, "acme", "lea@x.example")
            until(lambda: opened.has_ended and heard.has_ended)
            assert not anybody.has_ended
        assert heard.events[-1]["result"]["resultType"] == "complete"
    assert site.client.get(site.address, headers=get_headers()).status_code == 404


def test_where_there_is_no_room_listen_is_agreed_empty_and_get_comes_again_later(site):
    site.streams._listeners._most = 1
    with by_get(site.client, site.address):
        refused = site.client.get(site.address, headers=get_headers())
        with by_listen(site.client, site.address) as heard:
            until(lambda: heard.has_ended)
        pinged = ask(site.address, "legacy", "ping").json()
    until(lambda: not site.streams._listeners._count)
    with by_get(site.client, site.address):  # there is room again
        pass

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    acknowledged, result = heard.events
    assert acknowledged["params"]["notifications"] == {}
    assert result["result"]["resultType"] == "complete"
    assert "result" in pinged


def test_a_get_that_opens_no_stream_and_a_subscription_are_refused_in_words(site):
    for headers in ({"accept": "text/html"}, get_headers("2026-07-28"), get_headers("next")):
        answer = site.client.get(site.address, headers=headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert "with POST" in answer.json()["error"]["message"]
    uris = (f"handrail://walkthroughs/{row}" for row in (site.row, site.other_row, "nothing"))
    answers = [ask(site.address, "legacy", "resources/subscribe", uri=uri).json() for uri in uris]
    assert {answer["error"]["code"] for answer in answers} == {METHOD_NOT_FOUND}
    assert {answer["error"]["message"].split(".")[0] for answer in answers} == {
        "This server does not tell of changes to a single resource"
    }
    request = listen_request()
    request["headers"]["mcp-method"] = "tools/list"  # another than in the body
    assert site.client.post(site.address, **request).status_code == 400
    request = listen_request()
    request["headers"] |= {"accept": "application/json"}
    assert site.client.post(site.address, **request).status_code == 406


def test_open_streams_take_no_place_of_calls(site):
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(by_listen(site.client, site.address))
        assert "result" in ask(site.address, "modern", "tools/list").json()


def test_streams_ask_for_a_sign_in_as_all_requests_do(academy):
    with httpx.Client(verify=False) as client:
        requests = {"GET": {"headers": get_headers()}, "POST": listen_request()}
        for method, request in requests.items():
            answer = client.request(method, academy.resource, **request)
            assert answer.status_code == 401
            assert "resource_metadata=" in answer.headers["www-authenticate"]
        token = f"Bearer {academy.tokens()['access_token']}"
        with (
            by_get(client, academy.resource, authorization=token),
            by_listen(client, academy.resource, authorization=token),
        ):
            pass
        academy.set(sign_in=SignIn.WHEN_NEEDED)
        late = academy.beside("late", auth_type="oauth", sign_in=SignIn.WHEN_NEEDED)
        with by_get(client, late.resource), by_listen(client, late.resource):
            bad = client.get(late.resource, headers=get_headers(authorization="Bearer x"))
            assert bad.status_code == 401


def test_while_the_database_is_away_nothing_is_agreed(course_server, postgres):
    with connections_refused(postgres), httpx.Client() as client:
        refused = client.get(course_server.address, headers=get_headers())
        with by_listen(client, course_server.address) as heard:
            until(lambda: heard.has_ended)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    assert heard.events[0]["params"]["notifications"] == {}
