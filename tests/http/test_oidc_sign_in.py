"""Learners sign in at their organization's provider: who they are then, and what goes on."""

import re
import threading

import httpx
import pytest
from sqlalchemy import select

from tests.builders import learner, organization, server
from tests.local_names import local_names
from tests.openid import CLIENT_ID, NAME, Learner, provider_served, school_served, use_provider
from tests.signing_in import (
    LEA,
    Browser,
    answer_of,
    go_on,
    redeem,
    sql,
    start,
    step_of,
)
from tests.waiting import PATIENCE
from walkthroughs.enums import AuthType
from walkthroughs.errors import NotFound
from walkthroughs.identity import sign_ins
from walkthroughs.identity.identities import learner_of_new_identity
from walkthroughs.models import LearnerIdentity, McpServer, McpServerUser

__all__ = ["local_names"]
VERIFIED = {"email": "Lea@X.example", "email_verified": True}


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


def learners(school):
    """Return (subject, e-mail address) of each identity."""
    with school.database.transaction() as session:
        query = (
            select(LearnerIdentity.subject, McpServerUser.email)
            .join(McpServerUser, McpServerUser.id == LearnerIdentity.mcp_server_user_id)
            .order_by(LearnerIdentity.subject)
        )
        return [tuple(row) for row in session.execute(query)]


def set_auth(school, auth_type, provider=None):
    with school.database.transaction() as session:
        row = session.get_one(McpServer, school.caller.server_id)
        sign_ins.set_auth(session, school.settings, row, auth_type, provider)


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_a_learner_signs_in_at_the_provider_takes_a_step_and_renews_the_token(school):
    tokens = school.tokens(Learner(school))
    step = start(school, tokens["access_token"])
    step = step_of(go_on(school, tokens["access_token"], step))
    tokens = school.refresh(tokens).json()

    assert step_of(go_on(school, tokens["access_token"], step))["title"] == "Three"


def test_the_page_names_the_provider_asks_for_no_address_and_lets_the_browser_leave(school, url):
    page = Learner(school).get(url)

    assert f"Go on to {NAME}" in text_of(page)
    assert 'name="email"' not in page.text
    assert "form-action" not in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_the_next_sign_in_of_this_browser_is_one_click(school, url, provider):
    person = Learner(school)
    person.allow(url)
    asked = len(provider.asked)

    assert answer_of(person.submit(person.get(url), "allow"))["code"]
    assert len(provider.asked) == asked


def test_a_verified_address_joins_the_learner_of_that_address_and_their_place(school, provider):
    provider.claims |= VERIFIED
    person = Learner(school)
    page = person.consent_page(school.authorize_url(school.register()["client_id"]))

    assert f"{LEA}, at {NAME}" in text_of(page)
    assert learners(school) == [("lea-at-acme", LEA)]
    with school.database.transaction() as session:
        (identity,) = session.scalars(select(LearnerIdentity))
        assert identity.mcp_server_user_id == school.caller.learner_id


def test_an_address_that_only_the_userinfo_has_counts_as_well(school, url, provider):
    provider.userinfo |= VERIFIED
    Learner(school).sign_in(url)

    assert learners(school) == [("lea-at-acme", LEA)]


def test_an_address_that_is_not_verified_joins_nobody_and_is_not_stored(school, provider):
    provider.claims |= {"email": LEA, "email_verified": False}
    tokens = school.tokens(Learner(school))
    again = school.tokens(Learner(school))

    assert learners(school) == [("lea-at-acme", None)]
    step = start(school, tokens["access_token"])
    assert step_of(go_on(school, again["access_token"], step))["title"] == "Two"
    with school.database.transaction() as session:
        assert len(session.scalars(select(McpServerUser)).all()) == 2


def test_who_has_no_address_is_told_by_what_the_provider_calls_them(school, url):
    assert f"lea-at-acme, at {NAME}" in text_of(Learner(school).sign_in(url))


def test_an_address_that_changes_at_the_provider_changes_nothing_here(school, provider):
    provider.claims |= VERIFIED
    step = start(school, school.tokens(Learner(school))["access_token"])
    provider.claims |= {"email": "lea.new@x.example"}
    with school.database.transaction() as session:
        learner(session, school.caller.organization_id, "lea.new@x.example")
    token = school.tokens(Learner(school))["access_token"]

    assert step_of(go_on(school, token, step))["title"] == "Two"
    assert learners(school) == [("lea-at-acme", LEA)]


def test_two_people_are_two_learners_and_one_person_in_two_browsers_is_one(school, provider):
    for subject in ("one", "two", "one"):
        provider.claims["sub"] = subject
        school.tokens(Learner(school))

    assert [subject for subject, _ in learners(school)] == ["one", "two"]


def test_the_same_identity_in_two_browsers_at_the_same_moment_is_one_learner(school, database):
    found, organization_id = [], school.caller.organization_id
    both = threading.Barrier(2)

    def come():
        with database.transaction() as session:
            both.wait(PATIENCE)
            found.append(
                learner_of_new_identity(session, organization_id, "https://i", "lea", None)
            )

    threads = [threading.Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1
    with database.transaction() as session:
        assert len(session.scalars(select(McpServerUser)).all()) == 2


def test_on_a_host_of_its_own_the_answer_finds_the_browser_that_left(school, local_names):
    own = school.own_host.removesuffix("/mcp")
    client_id = school.register()["client_id"]
    address = school.authorize_url(client_id).replace(school.oauth, f"{own}/oauth")
    person = Learner(school)
    callback = person.leave(address)
    assert callback.startswith(f"{school.oauth}/callback?")
    page = person.arrive(callback)

    assert str(page.url) == address
    answer = answer_of(person.submit(page, "allow"))
    assert answer["iss"] == own
    assert redeem(school, answer["code"], client_id).status_code == 200


def test_a_restart_between_any_two_steps_loses_nothing(school):
    client_id = school.register()["client_id"]
    url, person = school.authorize_url(client_id), Learner(school)
    page = person.get(url)
    school.restart()
    there = person.submit(page, "provider").headers["location"]
    school.restart()
    back = person.get(there).headers["location"]
    school.restart()
    answer = person.get(back)
    school.restart()
    page = person.get(answer.headers["location"])
    school.restart()
    answer = answer_of(person.submit(page, "allow"))
    school.restart()

    assert redeem(school, answer["code"], client_id).status_code == 200


def test_no_code_by_email_gets_past_the_provider(school, url):
    person = Browser(school)
    page = person.get(url)
    token = re.search(r'name="csrf_token" value="([^"]*)"', page.text)[1]
    for step in ({"step": "email", "email": LEA}, {"step": "code", "code": "12345678"}):
        answer = person.request("POST", url, data={"csrf_token": token} | step)
        assert f"Go on to {NAME}" in answer.text

    assert school.mailbox.messages == []


def test_a_session_by_code_or_of_another_provider_does_not_count(school, url, provider):
    person = Learner(school)
    set_auth(school, AuthType.OAUTH)
    assert 'value="allow"' in Browser.sign_in(person, url).text
    set_auth(school, AuthType.OIDC, NAME)
    assert "Go on to" in person.get(url).text
    assert 'value="allow"' in person.sign_in(url).text
    use_provider(school, provider.issuer, "Other Login")

    assert "Go on to Other Login" in person.get(url).text


def test_another_way_to_sign_in_ends_tokens_and_codes_of_the_one_before_and_keeps_progress(
    school, provider
):
    provider.claims |= VERIFIED
    client_id = school.register()["client_id"]
    tokens = school.tokens(Learner(school))
    step = start(school, tokens["access_token"])
    underway = Learner(school).allow(school.authorize_url(client_id))
    set_auth(school, AuthType.OAUTH)

    assert school.refresh(tokens).json()["error"] == "invalid_grant"
    assert redeem(school, underway["code"], client_id).json()["error"] == "invalid_grant"
    assert go_on(school, tokens["access_token"], step).status_code == 401
    again = school.tokens(Browser(school))
    assert step_of(go_on(school, again["access_token"], step))["title"] == "Two"
    use_provider(school, provider.issuer, "Other Login")
    assert school.refresh(again).json()["error"] == "invalid_grant"


def test_another_account_is_asked_for_at_the_provider(school, url):
    person = Learner(school)
    page = person.sign_in(url)
    assert "Use another account" in text_of(page)
    assert person.submit(page, "sign-out").status_code == 303
    there = person.submit(person.get(url), "provider").headers["location"]
    again = person.submit(person.get(url), "provider").headers["location"]

    assert "prompt=login" in there
    assert "prompt" not in again


def test_who_gives_up_before_signing_in_gives_the_app_an_answer(school, url):
    person = Learner(school)

    assert answer_of(person.submit(person.get(url), "cancel"))["error"] == "access_denied"


def test_another_organizations_provider_is_unknown_and_its_identities_are_others(
    school, database, settings, provider
):
    with database.transaction() as session:
        other = organization(session, "other")
        row = server(session, other.id, "other")
        with pytest.raises(NotFound):
            sign_ins.set_auth(session, settings, row, AuthType.OIDC, NAME)
    school.tokens(Learner(school))
    with database.transaction() as session:
        mine = session.scalars(select(LearnerIdentity)).one()
        theirs = learner_of_new_identity(session, other.id, provider.issuer, mine.subject, None)
        assert theirs != mine.mcp_server_user_id


def test_the_provider_is_told_one_address_and_no_secret_of_the_learner(school, url, provider):
    person = Learner(school)
    there = httpx.URL(person.submit(person.get(url), "provider").headers["location"])
    asked = dict(there.params)

    assert asked.keys() == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip
    assert asked["redirect_uri"] == f"{school.oauth}/callback"
    assert asked["client_id"] == CLIENT_ID


def test_an_old_sign_in_is_deleted_when_another_begins(school, url):
    person = Learner(school)
    person.leave(url)
    sql(school, "UPDATE oidc_sign_ins SET expires_at = 0")
    person.leave(url)
    with school.database.transaction() as session:
        assert (
            session.connection().exec_driver_sql("SELECT count(*) FROM oidc_sign_ins").scalar() == 1
        )
