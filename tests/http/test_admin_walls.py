"""What the dashboard does not show and does not take."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask_security import hash_password

from tests.builders import learner, sign_in
from tests.dashboard import Visitor, app, owner, said, site
from walkthroughs.addresses import is_dashboard
from walkthroughs.enums import Role
from walkthroughs.identity.links import create_link
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import (
    ContentSource,
    McpServer,
    McpServerWalkthrough,
    Member,
    OAuthGrant,
    PersonalLink,
    SyncRun,
    User,
    Walkthrough,
    WalkthroughAttempt,
    WalkthroughProgress,
    WalkthroughVersion,
)
from walkthroughs.publishing import read

__all__ = ["app", "owner", "site"]


def test_owners_of_two_organizations_who_look_at_once_see_only_their_own(app, site):
    def look(slug):
        visitor = Visitor(app)
        visitor.sign_in(f"owner@{slug}.example", site[slug][3])
        return {
            name
            for _ in range(5)
            for name in re.findall(
                "Deploy at \\w+", said(visitor.get(f"/o/{slug}/admin/walkthroughs/"))
            )
        }

    slugs = ["acme", "other"] * 2
    with ThreadPoolExecutor(len(slugs)) as pool:
        assert list(pool.map(look, slugs)) == [{f"Deploy at {slug}"} for slug in slugs]


def test_every_page_with_a_foreign_id_shows_and_changes_nothing(app, owner, site, database):
    org, srv, row, _ = site["other"]
    with database.transaction() as session:
        before = read.read_content(session, org, row)
        step = session.get(Walkthrough, row).first_step_id
        tables = {
            "walkthroughs": row,
            "walkthrough_steps": step,
            "mcp_servers": srv,
            "mcp_server_walkthroughs": session.query(McpServerWalkthrough)
            .filter_by(organization_id=org)
            .one()
            .id,
            "member": session.query(Member).filter_by(organization_id=org).one().id,
            "walkthrough_versions": session.query(WalkthroughVersion)
            .filter_by(organization_id=org)
            .one()
            .id,
        }
        lea = learner(session, org, "secret-lea@other.example")
        source = ContentSource(organization_id=org, name="secret-source", url="https://x.example/x")
        session.add(source)
        session.flush()
        caller = Caller(org, srv, lea.id)
        run = SyncRun(
            organization_id=org, source_id=source.id, trigger="poll", finished_at=1,
            outcome="failed", changes=[], problem_count=0, message="secret-message",
        )  # fmt: skip
        session.add(run)
        create_link(session, "other", lea.email)
        grant = sign_in(session, session.get_one(McpServer, srv), lea, "secret-app")
        tables |= {
            "content_sources": source.id,
            "sync_runs": run.id,
            "mcp_server_user": lea.id,
            "oauth_grants": grant.id,
            "personal_links": session.query(PersonalLink).filter_by(organization_id=org).one().id,
        }
    first = progress.select(database, ContentCache(), caller, row, resume=True).step.id
    progress.advance(database, ContentCache(), caller, first)
    progress.select(database, ContentCache(), caller, row, resume=False)
    with database.transaction() as session:
        for table in (WalkthroughProgress, WalkthroughAttempt):
            own = session.query(table).filter_by(organization_id=org).one()
            tables[table.__tablename__] = own.id
    routes = [rule for rule in app.url_map.iter_rules() if is_dashboard(rule.rule)]
    pages = [r for r in routes if r.endpoint.split(".")[0] in tables]

    views = {rule.endpoint.split(".")[0] for rule in routes if ".index_view" in rule.endpoint}
    assert views == tables.keys()
    assert len(pages) > 30
    for rule in pages:
        foreign = tables[rule.endpoint.split(".")[0]]
        path = rule.rule.replace("<organization_slug>", "acme")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if method == "GET":
                answer = owner.get(f"{path}?id={foreign}")
            else:
                answer = owner.post(
                    f"{path}?id={foreign}", page="/o/acme/admin/tables/walkthroughs/new/",
                    id=foreign, rowid=foreign, title="Stolen", walkthrough_id=row, content="Stolen",
                    mcp_server_id=srv, display_order="0", name="Stolen", slug="stolen",
                )  # fmt: skip
            assert answer.status_code in {200, 302, 404}, (rule, method, answer.status_code)
            assert "Deploy at other" not in said(answer), rule
            assert "owner@other" not in said(answer), rule
            assert "secret-" not in said(answer), rule
    with database.transaction() as session:
        assert read.read_content(session, org, row) == before
        assert session.query(PersonalLink).filter_by(organization_id=org).one().revoked_at is None
        assert session.query(OAuthGrant).one().revoked_at is None
        held = session.get_one(ContentSource, tables["content_sources"])
        assert (held.requested_at, held.held_at) == (None, None)


@pytest.mark.parametrize("table", ["walkthroughs", "walkthrough_steps", "mcp_servers"])
def test_malformed_ids_and_pages_are_not_errors(owner, table):
    for query in (
        "edit/?id=abc",
        "edit/?id=%00",
        f"details/?id={'9' * 99}",
        "?page=-1",
        "?page=99999999999999",
    ):
        assert owner.get(f"/o/acme/admin/tables/{table}/{query}").status_code in {
            200,
            302,
            400,
            404,
        }


def test_closed_doors_stay_closed(owner, site):
    row = site["acme"][2]
    assert (
        owner.get("/o/acme/admin/tables/walkthroughs/ajax/lookup/?name=x&query=a").status_code
        == 404
    )
    for path in ("ajax/update/", "action/"):
        answer = owner.post(
            f"/o/acme/admin/tables/mcp_servers/{path}",
            page="/o/acme/admin/tables/walkthroughs/new/",
            action="delete",
            rowid=row,
        )
        assert answer.status_code == 404
    assert (
        owner.client.post("/o/acme/admin/tables/walkthroughs/delete/", data={"id": row}).status_code
        == 400
    )
    assert (
        owner.post(
            "/o/acme/admin/tables/mcp_servers/delete/",
            page="/o/acme/admin/tables/mcp_servers/new/",
            id=row,
        ).status_code
        == 404
    )


def test_a_form_without_its_token_is_refused(owner, site):
    row = site["acme"][2]
    answer = owner.client.post(f"/o/acme/admin/tables/walkthroughs/remove/?id={row}")

    assert answer.status_code == 400


def test_a_taken_slug_is_told_without_sql(owner):
    answer = owner.post("/o/acme/admin/tables/mcp_servers/new/", name="X", slug="other")

    assert "Another server has that slug" in said(answer)
    assert "INSERT" not in said(answer)


def test_a_viewer_reads_and_a_removed_member_is_out_at_once(app, site, database):
    with app.app_context(), database.transaction() as session:
        user = User(email="vera@x.example", password=hash_password("p" * 14), fs_uniquifier="v")
        session.add(user)
        session.flush()
        session.add(Member(organization_id=site["acme"][0], user_id=user.id, role=Role.VIEWER))
    vera = Visitor(app)
    vera.sign_in("vera@x.example", "p" * 14)

    assert vera.get("/o/acme/admin/walkthroughs/").status_code == 200
    assert vera.get("/o/acme/admin/walkthroughs/new/").status_code == 404
    assert vera.get("/o/acme/admin/tables/walkthroughs/").status_code == 404
    with database.transaction() as session:
        gone = session.query(Member).filter_by(role=Role.VIEWER).one()
        session.delete(gone)
    assert vera.get("/o/acme/admin/walkthroughs/").status_code == 404


def test_pages_run_only_scripts_of_their_own(owner):
    policy = owner.get("/o/acme/admin/tables/walkthroughs/").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy


def test_an_exported_cell_is_not_a_formula(owner, site):
    owner.post("/o/acme/admin/tables/walkthroughs/new/", title='=HYPERLINK("https://x.example")')
    rows = said(owner.get("/o/acme/admin/tables/walkthroughs/export/csv/"))

    assert "'=HYPERLINK" in rows
    assert "Deploy at other" not in rows


def test_choices_hold_the_organizations_own_rows_only(owner):
    page = said(owner.get("/o/acme/admin/tables/mcp_server_walkthroughs/new/"))

    assert "Deploy at acme" in page
    assert "Deploy at other" not in page


def test_a_count_tells_nothing_of_others(owner):
    assert "1 walkthrough<" in said(owner.get("/o/acme/admin/tables/walkthroughs/"))


def test_a_form_cannot_put_a_row_into_another_organization(owner, site, database):
    owner.post(
        "/o/acme/admin/tables/mcp_servers/new/",
        name="X",
        slug="mine",
        organization_id=site["other"][0],
    )

    with database.transaction() as session:
        assert (
            session.query(McpServer).filter_by(slug="mine").one().organization_id == site["acme"][0]
        )


def test_a_link_to_a_foreign_server_is_refused(owner, site):
    answer = owner.post(
        "/o/acme/admin/tables/personal_links/new/",
        mcp_server_id=site["other"][1],
        email="lea@x.example",
    )

    assert "Not a valid choice" in said(answer)


def test_the_address_decides_which_organization_a_member_of_two_sees(app, owner, site, database):
    other = site["other"][0]
    with database.transaction() as session:
        user = session.query(User).filter_by(email="owner@acme.example").one()
        session.add(Member(organization_id=other, user_id=user.id, role=Role.OWNER))
    for slug, hidden in (("acme", "other"), ("other", "acme"), ("acme", "other")):
        seen = said(owner.get(f"/o/{slug}/admin/tables/walkthroughs/"))
        assert (f"Deploy at {slug}" in seen, f"Deploy at {hidden}" in seen) == (True, False)
        assert f'href="/o/{slug}/admin/tables/mcp_servers/"' in seen
        assert f'href="/o/{hidden}/admin/tables/' not in seen
        assert owner.get("/admin/").location == f"/o/{slug}/admin/"


@pytest.mark.parametrize("slug", ["other", "nowhere", "ACME", "acme%00"])
def test_a_foreign_organization_and_none_get_the_same_answer(owner, slug):
    answers = [
        owner.get(f"/o/{slug}/admin/{path}") for path in ("", "tables/walkthroughs/", "nowhere")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert all("There is nothing here" in said(answer) for answer in answers)
    assert not any(f"/o/{slug}/" in said(answer) for answer in answers)


def test_a_member_who_was_removed_is_out_at_once(app, owner, database):
    with database.transaction() as session:
        session.query(Member).delete()
    assert owner.get("/o/acme/admin/tables/walkthroughs/").status_code == 404
    assert owner.get("/admin/").status_code == 404


def test_a_wrong_turn_is_answered_with_a_page(owner):
    answer = owner.get("/o/acme/admin/tables/walkthroughs/details/?id=nope")

    assert answer.status_code == 404
    assert "There is nothing here" in said(answer)
    assert '<html lang="en">' in said(answer)
