"""Sign-in in the dashboard: how a server knows its learners, and sign-ins that owners end."""

import re
from dataclasses import replace

import pytest
from flask_security import hash_password
from flask_wtf.csrf import CSRFError
from sqlalchemy import select

from admin.access.accounts import create_owner
from app import add_pages, create_app
from tests.builders import learner, sign_in
from tests.dashboard import Visitor, app, owner, said, site
from tests.signing_in import LEA, academy_served, go_on, start
from walkthroughs.enums import AuthType, Role, SignIn
from walkthroughs.identity.learners import ERASED
from walkthroughs.identity.providers import add_provider
from walkthroughs.models import McpServer, McpServerUser, Member, OAuthGrant, OAuthToken, User
from walkthroughs.runtime import Runtime, attach

__all__ = ["app", "owner", "site"]
PASSWORD = "a long password"


@pytest.fixture
def with_mail(app, settings):
    """The installation can send e-mail."""
    parts = app.extensions["handrail"]
    attach(app, Runtime(replace(settings, smtp_url="smtp://localhost:1"), parts.database))


def edit(owner, site, **fields):
    page = f"/o/acme/admin/tables/mcp_servers/edit/?id={site['acme'][1]}"
    return owner.post(page, **({"name": "Acme", "slug": "acme", "pace_seconds": "5"} | fields))


def stored(database, site):
    with database.transaction() as session:
        row = session.get_one(McpServer, site["acme"][1])
        return row.name, row.auth_type, row.sign_in


def signed_in(database, site, *slugs):
    """Sign a learner in on the server of each organization; return the id of the last one."""
    with database.transaction() as session:
        for slug in slugs:
            org, srv, *_ = site[slug]
            who = learner(session, org, f"lea@{slug}.example")
            grant = sign_in(session, session.get_one(McpServer, srv), who, f"Claude of {slug}")
            token = OAuthToken(organization_id=org, oauth_grant_id=grant.id, kind="access",
                               token_hash=f"hash-{slug}", expires_at=10**15)  # fmt: skip
            session.add(token)
        return who.id


def open_sign_ins(database):
    with database.transaction() as session:
        query = select(OAuthGrant.client_name).where(OAuthGrant.revoked_at.is_(None))
        return set(session.scalars(query))


def test_sign_in_by_e_mail_that_cannot_be_sent_is_refused_at_the_field(owner, site, database):
    page = said(edit(owner, site, name="Renamed", auth_type="oauth"))
    field = re.search(r'<div class="field[^>]*wrong.*?</div>', page, re.S)[0]

    assert "Set HANDRAIL_SMTP_URL and HANDRAIL_MAIL_FROM" in field
    assert 'aria-invalid="true"' in field
    assert "Nothing is saved yet" in page
    assert stored(database, site) == ("Acme", AuthType.PERSONAL_LINK, SignIn.AT_CONNECT)
    made = said(
        owner.post(
            "/o/acme/admin/tables/mcp_servers/new/", name="X", slug="second", auth_type="oauth"
        )
    )
    assert "Set HANDRAIL_SMTP_URL" in made
    with database.transaction() as session:
        assert session.query(McpServer).filter_by(slug="second").all() == []


def test_an_owner_switches_sign_in_on_and_reads_what_it_means(owner, site, database, with_mail):
    form = said(owner.get(f"/o/acme/admin/tables/mcp_servers/edit/?id={site['acme'][1]}"))
    assert "E-mail code: learners need nothing but the server" in form
    assert "When needed: anybody may see what there is" in form
    assert "Another choice ends" not in form
    assert edit(owner, site, auth_type="oauth", sign_in="when_needed").status_code == 302
    assert stored(database, site) == ("Acme", AuthType.OAUTH, SignIn.WHEN_NEEDED)
    page = said(owner.get(f"/o/acme/admin/tables/mcp_servers/details/?id={site['acme'][1]}"))
    assert "E-mail code" in page
    assert "When needed" in page

    for wrong in ({"auth_type": "nonsense"}, {"sign_in": "never"}):
        assert "Invalid Choice" in said(edit(owner, site, **wrong))


def test_what_a_change_ends_is_said_before_it_is_saved_and_is_this_servers_only(
    owner, site, database, with_mail
):
    edit(owner, site, auth_type="oauth")
    signed_in(database, site, "acme", "other")
    form = said(owner.get(f"/o/acme/admin/tables/mcp_servers/edit/?id={site['acme'][1]}"))
    assert "Another choice ends 1 sign-in here as soon as it is saved" in form
    settings = said(owner.get("/o/acme/admin/servers/acme/?tab=settings"))
    assert "E-mail code: learners need nothing but" in settings
    assert "1 app of learners" in settings
    edit(owner, site, name="Renamed")
    assert open_sign_ins(database) == {"Claude of acme", "Claude of other"}
    edit(owner, site, auth_type="personal_link")

    assert open_sign_ins(database) == {"Claude of other"}
    assert stored(database, site)[:2] == ("Acme", AuthType.PERSONAL_LINK)


def test_a_server_with_sign_in_can_be_renamed_though_no_mail_can_be_sent_any_more(
    owner, site, database
):
    with database.transaction() as session:
        session.get_one(McpServer, site["acme"][1]).auth_type = AuthType.OAUTH
    signed_in(database, site, "acme")

    assert edit(owner, site, name="Renamed", auth_type="oauth").status_code == 302
    assert stored(database, site)[:2] == ("Renamed", AuthType.OAUTH)
    assert open_sign_ins(database) == {"Claude of acme"}


def test_a_learners_page_lists_their_own_sign_ins_without_a_token(owner, site, database):
    foreign = signed_in(database, site, "acme", "other")
    with database.transaction() as session:
        lea = session.query(McpServerUser).filter_by(email="lea@acme.example").one().id
    page = said(owner.get(f"/o/acme/admin/learners/{lea}/"))
    every = page + said(owner.get("/o/acme/admin/tables/oauth_grants/"))

    assert "Claude of acme" in page
    assert re.search(r"Claude of acme on acme<br>.* since 20\d\d-\d\d-\d\d", page)
    assert "/o/acme/admin/tables/oauth_grants/remove/?id=gra_" in page
    assert "Claude of other" not in every
    assert "hash-" not in every
    assert "id-of-" not in every
    assert owner.get(f"/o/acme/admin/learners/{foreign}/").status_code == 404


def test_a_viewer_sees_sign_ins_and_cannot_end_them(app, site, database):
    with app.app_context(), database.transaction() as session:
        user = User(email="vera@x.example", password=hash_password(PASSWORD), fs_uniquifier="v")
        session.add(user)
        session.flush()
        session.add(Member(organization_id=site["acme"][0], user_id=user.id, role=Role.VIEWER))
    lea = signed_in(database, site, "acme")
    vera = Visitor(app)
    vera.sign_in("vera@x.example", PASSWORD)
    page = said(vera.get(f"/o/acme/admin/learners/{lea}/"))
    with database.transaction() as session:
        grant = session.query(OAuthGrant).one().id

    assert "Claude of acme" in page
    assert "oauth_grants/remove" not in page
    path = f"/o/acme/admin/tables/oauth_grants/remove/?id={grant}"
    assert vera.get(path).status_code == 404
    assert vera.post(path, page="/admin/login").status_code in {400, 404}
    assert open_sign_ins(database) == {"Claude of acme"}


def test_what_stands_for_erased_learners_is_no_learner_of_the_dashboard(owner, site, database):
    with database.transaction() as session:
        nobody = learner(session, site["acme"][0], ERASED).id

    assert "0 learners" in said(owner.get("/o/acme/admin/tables/mcp_server_user/"))
    assert (
        owner.get(f"/o/acme/admin/tables/mcp_server_user/details/?id={nobody}").status_code == 404
    )
    assert "0 learners" in said(owner.get("/o/acme/admin/learners/"))
    assert owner.get(f"/o/acme/admin/learners/{nobody}/").status_code == 404


def test_a_sign_in_that_an_owner_ends_stops_at_once(database, settings):
    with academy_served(database, settings) as academy:
        app = add_pages(create_app(academy.settings))
        with app.app_context(), database.transaction() as session:
            org = academy.caller.organization_id
            password = create_owner(session, org, "owner@acme.example")
        tokens = academy.tokens()
        step = start(academy, tokens["access_token"])
        owner = Visitor(app)
        owner.sign_in("owner@acme.example", password)
        with database.transaction() as session:
            grant = session.query(OAuthGrant).one()
        path = f"/o/acme/admin/tables/oauth_grants/remove/?id={grant.id}"
        assert "Progress stays" in said(owner.get(path))
        ended = owner.post(path)
        answer = go_on(academy, tokens["access_token"], step)
        page = said(owner.get(ended.location))
        app.extensions["handrail"].database.close()

        assert answer.status_code == 401
        assert academy.refresh(tokens).json()["error"] == "invalid_grant"
        assert LEA in page
        assert "<p>None. A personal link" in page
        assert start(academy, academy.tokens()["access_token"])["title"] == "One"


def test_only_what_apps_hosts_and_checks_call_skips_the_forgery_protection(app):
    (protect,) = (
        each for each in app.before_request_funcs[None] if each.__name__ == "csrf_protect"
    )
    skipped = set()
    for rule in app.url_map.iter_rules():
        for method in rule.methods & {"POST", "PUT", "PATCH", "DELETE"}:
            path = re.sub(r"<[^>]*>", "x", rule.rule)
            with app.test_request_context(path, method=method):
                try:
                    protect()
                except CSRFError:
                    continue
                skipped.add(rule.rule)

    assert skipped == {
        *(f"{start}/oauth/{name}" for start in ("", "/s/<slug>")
          for name in ("token", "register", "revoke")),
        "/webhooks/git/<source_id>",
        "/check/<source_id>",
    }  # fmt: skip


def test_an_owner_lets_learners_sign_in_at_the_provider_of_the_organization(
    owner, site, database, settings
):
    refused = edit(owner, site, auth_type="oidc", sign_in="at_connect")
    assert "flask providers add" in said(refused)
    with database.transaction() as session:
        add_provider(
            session, settings, site["acme"][0], "Acme Login",
            issuer="https://login.example.com", client_id="handrail", secret="s3cret",
        )  # fmt: skip
    assert edit(owner, site, auth_type="oidc", sign_in="at_connect").status_code == 302
    assert edit(owner, site, auth_type="oidc", sign_in="at_connect", name="New").status_code == 302

    assert stored(database, site) == ("New", AuthType.OIDC, SignIn.AT_CONNECT)
