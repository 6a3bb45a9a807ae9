"""What a sign-in is asked by counts for its own server, app, browser and learner, until it ends."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from tests.builders import learner, organization, server
from walkthroughs.addresses import sign_in_addresses
from walkthroughs.enums import AuthType
from walkthroughs.identity import (
    grants,
    identities,
    learner_sessions,
    provider_sign_ins,
    request_limits,
    sign_ins,
)
from walkthroughs.identity.email_codes import CodeRefused, check_code, email_of_code, make_code
from walkthroughs.identity.erasing import erase
from walkthroughs.identity.grants import find_code, find_refresh, find_token
from walkthroughs.identity.merging import merge_learners
from walkthroughs.identity.openid_client import Secrets
from walkthroughs.identity.provider_metadata import ProviderMetadata
from walkthroughs.identity.refresh_rule import GRACE_MS, GRACE_USES
from walkthroughs.identity.request_limits import Limit, LimitReached
from walkthroughs.identity.sign_in_server import SignInServer
from walkthroughs.ids import now_ms
from walkthroughs.learning.access_tokens import grant_of_token_sql
from walkthroughs.models import McpServer, OAuthCode, OAuthGrant, OAuthToken
from walkthroughs.models.oidc import OidcProvider
from walkthroughs.models.sign_in import LearnerSession, SignInCode

DAY_MS, HOUR_MS = 24 * 3600 * 1000, 3600 * 1000


class Room:
    """Lea and Max at one server, its neighbour in the organization, and a foreign server."""

    def __init__(self, session):
        self.session = session
        self.now = now_ms()  # of the sign-ins; it stands still
        org = organization(session)
        foreign = organization(session, "foreign")
        self.lea, self.max = learner(session, org.id), learner(session, org.id, "max@x.example")
        self.foreign_lea = learner(session, foreign.id)
        self.acme, self.beside, self.foreign = (
            self._sign_in_server(server(session, owner.id, slug, auth_type=AuthType.OAUTH))
            for owner, slug in ((org, "acme"), (org, "beside"), (foreign, "foreign"))
        )

    @staticmethod
    def _sign_in_server(row):
        addresses = sign_in_addresses("http://localhost", slug=row.slug)
        return SignInServer(row.id, row.organization_id, "", row.name, addresses, frozenset(), "")

    def code(self, where, who):
        code = grants.new_code()
        grants.store_code(
            self.session, where, who.id, code, client_id="app", client_name="App",
            redirect_uri="http://localhost/", redirect_host="localhost", challenge="x",
            resource=where.addresses.resource,
        )  # fmt: skip
        return code

    def grant(self, where, who):
        """Return the tokens of a new sign-in, and its id."""
        row = find_code(self.session, where.id, "app", self.code(where, who))
        tokens = grants.redeem(self.session, row)
        self.session.flush()
        return tokens, row.oauth_grant_id

    def going_on(self):
        self.session.expire_all()
        query = text("SELECT id FROM oauth_grants WHERE revoked_at IS NULL")
        return set(self.session.scalars(query))

    def change(self, model, values, condition="TRUE", **named):
        statement = f"UPDATE {model.__tablename__} SET {values} WHERE {condition}"
        self.session.execute(text(statement), named)
        self.session.expire_all()

    def count(self, model):
        return self.session.scalar(text(f"SELECT count(*) FROM {model.__tablename__}"))


@pytest.fixture
def room(database, monkeypatch):
    with database.transaction() as session:
        made = Room(session)
        monkeypatch.setattr(grants, "now_ms", lambda: made.now)
        yield made


def test_a_code_is_exchanged_once_by_its_app_at_its_server_and_used_again_ends_only_its_sign_in(
    room,
):
    session, acme = room.session, room.acme
    _, of_max = room.grant(acme, room.max)
    code = room.code(acme, room.lea)
    assert find_code(session, room.beside.id, "app", code) is None
    assert find_code(session, acme.id, "other app", code) is None
    assert find_code(session, acme.id, "app", code + "x") is None
    row = find_code(session, acme.id, "app", code)
    assert row.mcp_server_user_id == room.lea.id
    assert row.expires_at - room.now == 60_000
    room.change(OAuthCode, "expires_at = :now", "id = :id", now=room.now, id=row.id)
    assert find_code(session, acme.id, "app", code) is None
    room.change(OAuthCode, "expires_at = :soon", "id = :id", soon=room.now + 60_000, id=row.id)
    grants.redeem(session, find_code(session, acme.id, "app", code))
    session.flush()
    assert len(room.going_on()) == 2
    assert find_code(session, acme.id, "app", code) is None
    assert room.going_on() == {of_max}

    # What ended long ago goes, and what ended lately is kept, so that its replay is noticed.
    for model in (OAuthCode, OAuthToken):
        room.change(model, "expires_at = :then", then=room.now - DAY_MS)
    room.code(acme, room.lea)
    assert (room.count(OAuthCode), room.count(OAuthToken)) == (3, 4)
    for model in (OAuthCode, OAuthToken):
        room.change(model, "expires_at = :then", then=room.now - DAY_MS - 1)
    room.code(acme, room.lea)
    assert (room.count(OAuthCode), room.count(OAuthToken)) == (1, 0)


def test_a_refresh_token_counts_at_its_server_until_it_expires_or_ends_and_a_replay_ends_its_sign_in(
    room,
):
    session, acme = room.session, room.acme
    tokens, grant_id = room.grant(acme, room.lea)
    _, of_max = room.grant(acme, room.max)
    assert find_refresh(session, room.beside.id, tokens.refresh) is None
    assert find_refresh(session, acme.id, tokens.access) is None
    assert find_refresh(session, acme.id, "hrr_x") is None
    row, grant = find_refresh(session, acme.id, tokens.refresh)
    assert (grant.id, row.used_at, row.uses) == (grant_id, None, 0)

    lasting = {kind: at - room.now for kind, at in session.execute(text(
        "SELECT kind, expires_at FROM oauth_tokens WHERE oauth_grant_id = :id"), {"id": grant_id})}  # fmt: skip
    assert lasting == {"access": 8 * HOUR_MS, "refresh": 90 * DAY_MS}

    # Each use gives two more; the first use is not counted as one more.
    newest = grants.rotate(session, row, grant)
    used_at = row.used_at
    assert (used_at is not None, row.uses) == (True, 0)
    grants.rotate(session, row, grant)
    assert (row.used_at, row.uses) == (used_at, 1)
    session.flush()

    # Access tokens: only they count for calls, at their server, until they end.
    def counts(where, token):
        asked = {
            "o": where.organization_id,
            "s": where.id,
            "t": grants.hash_token(token),
            "n": room.now,
        }
        found = "SELECT g.id" + grant_of_token_sql(":o", ":s", ":t", ":n")
        return session.scalar(text(found), asked)

    assert counts(acme, tokens.access) == counts(acme, newest.access) == grant_id
    for where, token in (
        (acme, tokens.refresh), (acme, "hra_x"), (room.beside, tokens.access),
        (replace(acme, organization_id=room.foreign.organization_id), tokens.access),
    ):  # fmt: skip
        assert counts(where, token) is None

    room.change(OAuthToken, "expires_at = :now", now=room.now)
    assert counts(acme, tokens.access) is None
    assert find_refresh(session, acme.id, tokens.refresh) is None
    room.change(OAuthToken, "expires_at = :soon", soon=room.now + HOUR_MS)
    room.change(OAuthGrant, "revoked_at = 1", "id = :id", id=grant_id)
    assert counts(acme, tokens.access) is None
    assert find_refresh(session, acme.id, tokens.refresh) is None
    room.change(OAuthGrant, "revoked_at = NULL", "id = :id", id=grant_id)
    assert find_refresh(session, acme.id, tokens.refresh) is not None

    # A code and the tokens are secrets that nobody guesses: 32 bytes each.
    assert [len(secret) for secret in (tokens.access, tokens.refresh, grants.new_code())] == [
        47
    ] * 3
    for values in (
        {"used_at": room.now - GRACE_MS - 60_000, "uses": 0},
        {"used_at": room.now, "uses": GRACE_USES},
    ):
        room.change(OAuthGrant, "revoked_at = NULL")
        room.change(OAuthToken, "used_at = :used_at, uses = :uses", **values)
        assert find_refresh(session, acme.id, tokens.refresh) is None
        assert room.going_on() == {of_max}


def test_whoever_exchanges_the_same_at_the_same_moment_waits_for_the_first(database):
    with database.transaction() as session:
        room = Room(session)
        code = room.code(room.acme, room.lea)
        tokens, _ = room.grant(room.acme, room.lea)
    for exchange in (
        lambda session: find_code(session, room.acme.id, "app", code),
        lambda session: find_refresh(session, room.acme.id, tokens.refresh),
    ):
        with database.transaction() as first, database.transaction() as second:
            assert exchange(first) is not None
            second.execute(text("SET LOCAL lock_timeout = '10ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                exchange(second)
            second.rollback()


def test_how_often_a_sign_in_is_refreshed_is_counted_for_itself_and_for_an_hour(room):
    session, acme = room.session, room.acme
    tokens, grant_id = room.grant(acme, room.lea)
    room.grant(acme, room.max)
    many = text(
        "INSERT INTO oauth_tokens (id, organization_id, oauth_grant_id, kind, token_hash, expires_at,"
        " created_at, uses) SELECT 'tok_' || n, organization_id, oauth_grant_id, kind, 'hash' || n,"
        " expires_at, created_at, 0 FROM oauth_tokens, generate_series(1, :n) AS n"
        " WHERE kind = 'refresh' AND oauth_grant_id = :grant"
    )
    session.execute(many, {"n": 2 * 120 - 2, "grant": grant_id})
    with pytest.raises(LimitReached) as reached:
        grants.rotate(session, *find_refresh(session, acme.id, tokens.refresh))
    assert reached.value.retry_seconds == 3600
    session.expire_all()
    session.execute(text("DELETE FROM oauth_tokens WHERE id = 'tok_1'"))
    grants.rotate(session, *find_refresh(session, acme.id, tokens.refresh))
    session.flush()
    with pytest.raises(LimitReached):
        grants.rotate(session, *find_refresh(session, acme.id, tokens.refresh))
    # Those of the hour before do not count. Of what has expired, only the sign-in's own goes.
    room.change(OAuthToken, "created_at = :then", then=room.now - HOUR_MS)
    room.change(OAuthToken, "expires_at = :then", "id LIKE 'tok\\_%'", then=room.now - 1)
    room.change(
        OAuthToken, "expires_at = :soon", "token_hash = :hash",
        soon=room.now + HOUR_MS, hash=grants.hash_token(tokens.refresh),
    )  # fmt: skip
    room.change(OAuthToken, "expires_at = :now", "id = 'tok_2'", now=room.now)
    grants.rotate(session, *find_refresh(session, acme.id, tokens.refresh))
    session.flush()
    # The used one, one that expires just now, two new ones, and those of Max.
    assert room.count(OAuthToken) == 1 + 1 + 2 + 2


def test_tokens_and_sign_ins_are_listed_counted_and_ended_for_one_learner_at_one_server(
    room, settings
):
    session, acme, beside = room.session, room.acme, room.beside
    tokens, of_lea = room.grant(acme, room.lea)
    _, of_max = room.grant(acme, room.max)
    _, elsewhere = room.grant(beside, room.lea)
    _, foreign = room.grant(room.foreign, room.foreign_lea)
    rest = {of_max, elsewhere, foreign}
    rows = {where.id: session.get(McpServer, where.id) for where in (acme, beside)}

    assert find_token(session, beside.id, tokens.access) is None
    assert find_token(session, acme.id, "hra_x") is None
    grants.revoke(session, find_token(session, acme.id, tokens.access)[0])
    session.flush()
    assert find_token(session, acme.id, tokens.access) is None
    assert room.going_on() == {of_lea, *rest}
    assert [row.id for row in sign_ins.list_grants(session, "beside")] == [elsewhere]
    assert sign_ins.count_open(session, rows[acme.id]) == 2
    grants.revoke(session, find_token(session, acme.id, tokens.refresh)[0])
    assert room.going_on() == rest
    assert sign_ins.count_open(session, rows[acme.id]) == 1
    assert sign_ins.count_open(session, rows[beside.id]) == 1

    _, again = room.grant(acme, room.lea)
    assert sign_ins.end_of_learner(session, "acme", " LEA@x.example ") == 1
    assert sign_ins.end_of_learner(session, "acme", "lea@x.example") == 0
    assert room.going_on() == rest
    told = session.scalars(text("SELECT target_id FROM audit_events WHERE verb = 'sign-in.end'"))
    assert list(told) == [again]
    kept = room.code(beside, room.lea)
    room.code(acme, room.lea)
    session.flush()
    sign_ins.set_auth(session, settings, rows[acme.id], AuthType.PERSONAL_LINK)
    assert room.going_on() == {elsewhere, foreign}
    assert find_code(session, beside.id, "app", kept) is not None
    assert (
        session.scalar(
            text("SELECT count(*) FROM oauth_codes WHERE mcp_server_id = :id"), {"id": acme.id}
        )
        == 0
    )


def test_a_code_by_e_mail_counts_in_its_browser_at_its_server_for_ten_minutes_and_five_tries(
    room, settings
):
    session, acme = room.session, room.acme
    code_id, code = make_code(session, settings, acme, "lea@x.example", "browser")
    kept_id, kept = make_code(session, settings, acme, "lea@x.example", "browser")
    assert re.fullmatch("[0-9]{8}", code)
    assert re.fullmatch("[0-9]{8}", kept)
    session.flush()
    ends = session.scalar(select(func.min(SignInCode.expires_at)))
    assert 0 <= now_ms() + 10 * 60_000 - ends < 60_000

    for where, id, browser in (
        (room.beside, code_id, "browser"), (room.foreign, code_id, "browser"),
        (acme, code_id, "other"), (acme, "sic_x", "browser"),
    ):  # fmt: skip
        assert email_of_code(session, where, id, browser) is None
        with pytest.raises(CodeRefused, match="has ended"):
            check_code(session, settings, where, id, browser, code)
    assert email_of_code(session, acme, code_id, "browser") == "lea@x.example"
    for _ in range(4):
        with pytest.raises(CodeRefused) as refused:
            check_code(session, settings, acme, code_id, "browser", "0000000x")
        assert not refused.value.ended
    assert (
        check_code(session, settings, acme, code_id, "browser", f" {code[:4]}-{code[4:]} ")
        == "lea@x.example"
    )
    assert email_of_code(session, acme, code_id, "browser") is None
    for _ in range(5):
        assert email_of_code(session, acme, kept_id, "browser") is not None
        with pytest.raises(CodeRefused) as refused:
            check_code(session, settings, acme, kept_id, "browser", code)
    assert refused.value.ended
    with pytest.raises(CodeRefused, match="has ended"):
        check_code(session, settings, acme, kept_id, "browser", kept)

    room.change(SignInCode, "tries = 0, expires_at = :soon", soon=now_ms() + 60_000)
    make_code(session, settings, acme, "lea@x.example", "browser")
    session.flush()
    assert room.count(SignInCode) == 2
    room.change(SignInCode, "expires_at = :now", "id = :id", now=now_ms() - 1, id=kept_id)
    assert email_of_code(session, acme, kept_id, "browser") is None
    with pytest.raises(CodeRefused, match="has ended"):
        check_code(session, settings, acme, kept_id, "browser", kept)
    make_code(session, settings, acme, "lea@x.example", "browser")
    session.flush()
    assert room.count(SignInCode) == 2


def test_whoever_is_neither_of_two_learners_that_become_one_keeps_all_that_is_theirs(
    room, settings
):
    session, org = room.session, room.acme.organization_id
    eve = learner(session, org, "eve@x.example")
    _, of_max = room.grant(room.acme, room.max)
    others = {room.grant(room.acme, eve)[1]: eve.id, room.grant(room.foreign, room.foreign_lea)[1]: room.foreign_lea.id}  # fmt: skip
    for where, email in (
        (room.acme, "max@x.example"), (room.acme, "eve@x.example"), (room.foreign, "max@x.example"),
    ):  # fmt: skip
        make_code(session, settings, where, email, "browser")
    session.flush()
    merge_learners(session, org, "max@x.example", "lea@x.example")

    whose = session.execute(text("SELECT id, mcp_server_user_id FROM oauth_grants"))
    assert {row.id: row.mcp_server_user_id for row in whose} == {of_max: room.lea.id, **others}
    left = session.execute(text("SELECT mcp_server_id, email FROM sign_in_codes"))
    assert {tuple(row) for row in left} == {
        (room.acme.id, "eve@x.example"), (room.foreign.id, "max@x.example"),
    }  # fmt: skip


def test_with_an_erased_learner_go_their_own_codes_by_e_mail_and_no_others(room, settings):
    lea, mail = room.lea, "lea@x.example"
    for where, email in ((room.acme, mail), (room.acme, "max@x.example"), (room.foreign, mail)):
        make_code(room.session, settings, where, email, "browser")
    room.session.flush()
    assert erase(room.session, room.acme.organization_id, lea.id) == 0

    left = room.session.execute(text("SELECT mcp_server_id, email FROM sign_in_codes"))
    assert set(left) == {(room.acme.id, "max@x.example"), (room.foreign.id, mail)}


def test_a_browser_is_signed_in_to_its_organization_the_way_its_learner_signed_in(room):
    session, org, foreign = room.session, room.acme.organization_id, room.foreign.organization_id
    provider = OidcProvider(
        organization_id=org, name="Idp", issuer="https://idp.test", client_id="x", client_secret="x"
    )
    session.add(provider)
    session.flush()
    identities.learner_of_new_identity(session, org, "https://idp.test", "lea-there", room.lea.id)
    by_code = learner_sessions.begin(session, org, room.lea.id)
    there = learner_sessions.begin(session, org, room.lea.id, provider.id)
    of_max = learner_sessions.begin(session, org, room.max.id)
    session.flush()

    def who(token, organization_id=org, provider_id=None):
        found = learner_sessions.signed_in(session, organization_id, token, provider_id)
        return found and found.learner_id

    assert (who(by_code), who(of_max)) == (room.lea.id, room.max.id)
    assert who(there, provider_id=provider.id) == room.lea.id
    assert [who(by_code, foreign), who("x"), who(there)] == [None] * 3
    assert who(by_code, provider_id=provider.id) is None
    learner_sessions.end(session, of_max)
    assert (who(of_max), who(by_code)) == (None, room.lea.id)
    room.change(LearnerSession, "expires_at = :now", "oidc_provider_id IS NULL", now=now_ms() - 1)
    assert who(by_code) is None
    learner_sessions.begin(session, org, room.max.id)
    session.flush()
    assert room.count(LearnerSession) == 2

    known = identities.known_learner
    assert known(session, org, "https://idp.test", "lea-there") == room.lea.id
    assert known(session, foreign, "https://idp.test", "lea-there") is None
    assert known(session, org, "https://other.test", "lea-there") is None
    assert known(session, org, "https://idp.test", "max-there") is None
    nameless = identities.learner_of_new_identity(session, org, "https://idp.test", "no-mail", None)
    token = learner_sessions.begin(session, org, nameless, provider.id)
    session.flush()
    found = learner_sessions.signed_in(session, org, token, provider.id)
    assert (found.learner_id, found.name) == (nameless, "no-mail")
    # Whoever is faster with the same identity counts, and no learner is left over.
    again = identities.learner_of_new_identity
    before = session.scalar(text("SELECT count(*) FROM mcp_server_user"))
    assert again(session, org, "https://idp.test", "lea-there", None) == room.lea.id
    assert again(session, org, "https://idp.test", "lea-there", room.max.id) == room.lea.id
    assert session.scalar(text("SELECT count(*) FROM mcp_server_user")) == before

    metadata = ProviderMetadata("x", "x", "x", "x", None, names_itself=False, secret_method="x")

    def start(where, state):
        made = Secrets(state, "nonce", "verifier")
        provider_sign_ins.begin(session, where, provider.id, metadata, made, "browser", "/page")
        session.flush()

    start(room.acme, "one")
    start(room.acme, "two")
    take, page = provider_sign_ins.take, provider_sign_ins.page_of
    for where, state in ((room.beside, "one"), (room.foreign, "one"), (room.acme, "three")):
        assert (take(session, where, state, "browser"), page(session, where, state)) == (None, None)
    assert take(session, room.acme, "one", "other") is None
    assert page(session, room.acme, "one") == "/page"
    assert take(session, room.acme, "one", "browser").provider_id == provider.id
    assert take(session, room.acme, "one", "browser") is None
    session.execute(text("UPDATE oidc_sign_ins SET expires_at = :now"), {"now": now_ms() - 1})
    assert (take(session, room.acme, "two", "browser"), page(session, room.acme, "two")) == (
        None,
        None,
    )
    start(room.acme, "three")
    start(room.acme, "four")
    assert session.scalar(text("SELECT count(*) FROM oidc_sign_ins")) == 2


def test_a_limit_counts_for_one_organization_one_asker_and_one_window(database, monkeypatch):
    with database.transaction() as session:
        org, foreign = organization(session).id, organization(session, "foreign").id
    now = [10 * DAY_MS + 1]
    monkeypatch.setattr(request_limits, "now_ms", lambda: now[0])
    limit, other = Limit("tries", 2, 60), Limit("mails", 2, 60)
    take, refuse = request_limits.take, request_limits.refuse_if_reached

    take(database, org, limit, "lea")
    refuse(database, org, limit, "lea")
    take(database, org, limit, "lea")
    for reached in (refuse, take, refuse):
        with pytest.raises(LimitReached, match=r"1 min\.") as raised:
            reached(database, org, limit, "lea")
        assert raised.value.retry_seconds == 59
    for of, which, whom in ((foreign, limit, "lea"), (org, other, "lea"), (org, limit, "max")):
        refuse(database, of, which, whom)
        take(database, of, which, whom)
    now[0] += 60_000
    refuse(database, org, limit, "lea")
    take(database, org, limit, "lea")

    def windows():
        with database.transaction() as session:
            return session.scalar(text("SELECT count(DISTINCT window_start) FROM request_counts"))

    assert windows() == 2
    now[0] = 11 * DAY_MS  # a day after the first window began; just then it is kept
    take(database, org, limit, "lea")
    assert windows() == 3
    now[0] += 60_000
    take(database, org, limit, "lea")
    assert windows() == 3

    refuse(database, org, Limit("once", 1, 60), "lea")
    for ms, seconds, minutes in ((1, 3599, 60), (3_599_999, 1, 1)):
        now[0] = 12 * DAY_MS + ms
        with pytest.raises(LimitReached, match=f" {minutes} min") as raised:
            take(database, org, Limit("none", 0, 3600), "lea")
        assert raised.value.retry_seconds == seconds
