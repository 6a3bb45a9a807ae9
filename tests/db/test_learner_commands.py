"""Learners are listed, shown, exported, erased and merged with commands."""

import json
import re

import pytest
from sqlalchemy import select, text

from tests.builders import content, learner, new_course, organization, server, sign_in
from tests.learners import Learner
from walkthroughs.crypto import hash_token
from walkthroughs.enums import TokenKind
from walkthroughs.identity import grants, learner_sessions
from walkthroughs.identity.learner_facts import sign_ins
from walkthroughs.identity.learner_rows import lock_learners, tables_of_learners
from walkthroughs.identity.learners import learner_ids
from walkthroughs.identity.links import create_link
from walkthroughs.ids import now_ms
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import (
    McpServer,
    McpServerUser,
    OAuthCode,
    OAuthGrant,
    OAuthToken,
    PersonalLink,
    SignInCode,
    WalkthroughProgress,
)
from walkthroughs.models.sign_in import LearnerSession

ACME = ("--organization", "acme")
LEA, MAX = "lea@x.example", "max@x.example"
SECRETS = ("app-secret", "challenge-of-pkce", "code-hash", "browser-hash")


class Acme:
    """Lea has walked and signed in; Max has walked further by a link. Olga is another's."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            self.lea, self.row = new_course(session)
            org, srv = self.lea.organization_id, self.lea.server_id
            self.max = Caller(org, srv, learner(session, org, MAX).id)
            self.olga = learner(session, organization(session, "other").id, "olga@x.example").id
            self.tokens = [create_link(session, "acme", MAX)]
            self.tokens.append(learner_sessions.begin(session, org, self.lea.learner_id))
            code = OAuthCode(
                organization_id=org, mcp_server_id=srv, mcp_server_user_id=self.lea.learner_id,
                code_hash="code-hash", client_id="app", client_name="Claude", redirect_host="localhost",
                redirect_uri="http://localhost/", challenge="challenge-of-pkce", resource="r",
                expires_at=now_ms() + 9_999_999,
            )  # fmt: skip
            mail = SignInCode(
                organization_id=org, mcp_server_id=srv, email=LEA, code_hash="code-hash",
                browser_hash="browser-hash", expires_at=now_ms() + 9_999_999,
            )  # fmt: skip
            session.add_all((code, mail))
            session.flush()
            made = grants.redeem(session, code)
            self.tokens += [made.access, made.refresh]
        for who, steps in ((self.lea, 1), (self.max, 2)):
            view = self.select(who)
            for _ in range(steps):
                view = progress.advance(database, ContentCache(), who, view.step.id)
        self.select(self.max, resume=False)
        self.select(self.lea)

    def select(self, who, *, resume=True):
        return progress.select(self.database, ContentCache(), who, self.row, resume=resume)

    def emails(self):
        with self.database.transaction() as session:
            return set(session.scalars(select(McpServerUser.email)))


@pytest.fixture
def acme(database):
    return Acme(database)


def listed(flask, *words):
    return json.loads(flask("learners", "list", *ACME, "--json", *words))


def test_learners_are_listed_by_organization_searched_and_paged(flask, acme):
    everyone = listed(flask)
    assert [(row["email"], row["walkthroughs"]) for row in everyone["learners"]] == [
        (LEA, 1),
        (MAX, 1),
    ]
    assert everyone["total"] == 2
    found = listed(flask, "--search", "MAX")["learners"]
    assert found == listed(flask, "--search", acme.max.learner_id)["learners"]
    assert [row["email"] for row in found] == [MAX]
    for nothing in ("olga", "%", "_", acme.olga):
        assert listed(flask, "--search", nothing) == {"total": 0, "learners": []}
    second = listed(flask, "--limit", "1", "--page", "2")["learners"]
    assert [row["email"] for row in second] == [MAX]
    told = flask("learners", "list", *ACME, "--limit", "1")

    assert re.search(rf"^msu_\S+  {LEA}  1 walkthrough\(s\)  last active 20\d\d-", told)
    assert "1 of 2." in told


def test_a_learner_is_shown_with_places_links_and_sign_ins_and_no_secret(flask, acme):
    told = flask("learners", "show", LEA.upper(), *ACME)
    assert "Deploy: in progress, 1 of 3 steps, version 1" in told
    assert re.search(r"sign-in gra_\S+ on acme, Claude \(localhost\), begun 20", told)
    assert "browser, signed in" in told
    facts = json.loads(flask("learners", "show", acme.max.learner_id, *ACME, "--json"))
    (place,), (link,) = facts["walkthroughs"], facts["links"]
    both = told + json.dumps(facts)

    assert (place["earlier_attempts"], place["completed_steps"], link["server"]) == (1, 0, "acme")
    assert facts["sign_ins"] == []
    assert [each for each in acme.tokens if each in both or hash_token(each) in both] == []


def test_everything_that_is_stored_about_a_learner_is_exported_without_secrets(flask, acme):
    told = flask("learners", "export", LEA, *ACME)
    facts = json.loads(told)
    (place,) = facts["walkthrough_progress"]
    (grant,) = facts["oauth_grants"]

    assert facts.keys() == {
        "learner", "names", "sign_in_codes", "oauth_tokens", "tool_events",
        "tool_events_incoming",
        *(table.name for table in tables_of_learners()),
    }  # fmt: skip
    assert facts["learner"]["email"] == LEA
    assert facts["names"][place["completed_steps"][0]] == "One"
    assert facts["names"][place["current_step_id"]] == "Two"
    assert facts["names"][grant["mcp_server_id"]] == "Acme"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", grant["created_at"])
    assert {each["kind"] for each in facts["oauth_tokens"]} == {"access", "refresh"}
    assert len(facts["sign_in_codes"]) == len(facts["oauth_codes"]) == 1
    hidden = (*SECRETS, *acme.tokens, *map(hash_token, acme.tokens), MAX, acme.max.learner_id)
    assert [each for each in hidden if each in told] == []


def test_what_is_shown_and_exported_is_of_one_learner_and_counts_now(flask, acme):
    org, srv = acme.lea.organization_id, acme.lea.server_id
    with acme.database.transaction() as session:
        ben, server_row = learner(session, org, "ben@x.example"), session.get_one(McpServer, srv)
        create_link(session, "acme", "ben@x.example")
        learner_sessions.begin(session, org, ben.id)
        grant = sign_in(session, server_row, ben, app="Cursor")
        token = OAuthToken(organization_id=org, oauth_grant_id=grant.id, kind=TokenKind.ACCESS,
                           token_hash="t", expires_at=1)  # fmt: skip
        lea = session.get_one(McpServerUser, acme.lea.learner_id)
        old = LearnerSession(organization_id=org, mcp_server_user_id=lea.id, token_hash="s",
                             expires_at=1)  # fmt: skip
        foreign = server(
            session, session.get_one(McpServerUser, acme.olga).organization_id, "other"
        )
        mail = SignInCode(organization_id=foreign.organization_id, mcp_server_id=foreign.id,
                          email=LEA, code_hash="c", browser_hash="b", expires_at=1)  # fmt: skip
        session.add_all((token, old, mail))
    shown = json.loads(flask("learners", "show", LEA, *ACME, "--json"))
    assert [len(shown[each]) for each in ("links", "sign_ins", "browsers")] == [0, 1, 1]
    (place,) = shown["walkthroughs"]
    assert (place["completed_steps"], place["earlier_attempts"]) == (1, 0)
    told = json.loads(flask("learners", "export", LEA, *ACME))
    assert [len(told[each]) for each in ("oauth_tokens", "sign_in_codes")] == [2, 1]
    assert set(told["names"].values()) == {"Acme", "Deploy", "One", "Two"}

    Learner(acme.database, acme.lea, acme.row).edit(content("two", "three"))
    with acme.database.transaction() as session:
        session.query(OAuthGrant).update({"revoked_at": 1})
        lea = session.get_one(McpServerUser, acme.lea.learner_id)
        for owner in (lea.organization_id, foreign.organization_id):
            learner_ids(session, owner, [LEA, MAX])
        assert learner_ids(session, org, [LEA]) == {LEA: lea.id}
        assert [len(sign_ins(session, lea, only_open=each)) for each in (False, True)] == [1, 0]
    (place,) = json.loads(flask("learners", "show", LEA, *ACME, "--json"))["walkthroughs"]
    assert (place["completed_steps"], place["total_steps"]) == (0, 2)


def test_the_learners_who_are_named_are_locked_with_their_codes_and_nobody_else(acme):
    org, srv = acme.lea.organization_id, acme.lea.server_id
    with acme.database.transaction() as session:
        code = OAuthCode(
            organization_id=org, mcp_server_id=srv, mcp_server_user_id=acme.max.learner_id,
            code_hash="of-max", client_id="app", client_name="Claude", redirect_host="localhost",
            redirect_uri="http://localhost/", challenge="x", resource="r", expires_at=1,
        )  # fmt: skip
        session.add(code)
        foreign = session.get_one(McpServerUser, acme.olga).organization_id

    def free(what):
        with acme.database.transaction() as session:
            return set(session.scalars(text(f"SELECT {what} FOR UPDATE SKIP LOCKED")))

    for owner, locked in ((foreign, set()), (org, {acme.lea.learner_id})):
        with acme.database.transaction() as session:
            found = lock_learners(session, owner, [acme.lea.learner_id])
            assert {each.id for each in found} == locked
            everyone = {acme.lea.learner_id, acme.max.learner_id, acme.olga}
            assert free("id FROM mcp_server_user") == everyone - locked
            owners = free("mcp_server_user_id FROM oauth_codes")
            assert owners == {acme.lea.learner_id, acme.max.learner_id} - locked


def test_a_learner_is_erased_when_the_operator_says_yes(flask, acme):
    assert "Aborted" in flask("learners", "erase", MAX, *ACME, code=1, typed="n\n")
    assert "Aborted" in flask("learners", "erase", MAX, *ACME, code=1)
    assert MAX in acme.emails()
    told = flask("learners", "erase", MAX, *ACME, typed="y\n")
    assert f"Erase {MAX} from acme? It cannot be undone" in told
    assert "2 attempt(s) stay in the totals" in told
    flask("learners", "erase", acme.lea.learner_id, *ACME, "--yes")

    assert acme.emails() == {"(erased learners)", "olga@x.example"}
    with acme.database.transaction() as session:
        assert session.query(PersonalLink).count() == 0


def test_two_learners_are_merged_when_the_operator_says_yes(flask, acme):
    assert "Aborted" in flask("learners", "merge", MAX, LEA, *ACME, code=1, typed="n\n")
    told = flask("learners", "merge", MAX, acme.lea.learner_id, *ACME, typed="y\n")

    assert f"{MAX} is {LEA} now. Moved: 1 link(s), 0 sign-in(s), 1 earlier attempt(s)." in told
    assert "Walkthroughs that both had begun: 1." in told
    assert acme.emails() == {LEA, "olga@x.example"}
    with acme.database.transaction() as session:
        (row,) = session.query(WalkthroughProgress)
    assert len(row.completed_steps) == 1


@pytest.mark.parametrize(
    "words",
    [("show", "{}"), ("export", "{}"), ("erase", "{}", "--yes"), ("merge", "{}", LEA, "--yes"),
     ("merge", LEA, "{}", "--yes")],
)  # fmt: skip
def test_another_organizations_learner_is_not_found_by_any_name(flask, acme, words):
    for named in ("olga@x.example", acme.olga, "nobody", ""):
        told = flask("learners", *(word.format(named) for word in words), *ACME, code=1)
        assert told == f'Error: The organization has no learner "{named}".\n'
    assert acme.emails() == {LEA, MAX, "olga@x.example"}
