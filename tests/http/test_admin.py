"""The dashboard in a test browser of Flask's: signing in, writing content, and the walls."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask_security import hash_password
from sqlalchemy import text

from admin.access.accounts import create_owner
from app import add_pages, create_app
from tests.builders import content, learner, organization, server, walkthrough
from walkthroughs.content.problems import Problem
from walkthroughs.crypto import hash_token
from walkthroughs.enums import Role
from walkthroughs.identity.links import create_link
from walkthroughs.learning import catalog, progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import (
    AwaitingApproval,
    ContentSource,
    McpServer,
    McpServerWalkthrough,
    Member,
    PendingChange,
    PersonalLink,
    SyncRun,
    User,
    Walkthrough,
    WalkthroughAttempt,
    WalkthroughProgress,
    WalkthroughVersion,
)
from walkthroughs.publishing import read, writer
from walkthroughs.publishing.origin import Origin


class Visitor:
    """A browser with its cookies."""

    def __init__(self, app):
        self.client = app.test_client()

    def get(self, path):
        return self.client.get(path)

    def post(self, path, page=None, **fields):
        """Fill in the form of a page and send it."""
        shown = self.client.get(page or path).get_data(as_text=True)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown)
        return self.client.post(path, data=fields | {"csrf_token": token[1] if token else ""})

    def sign_in(self, email, password):
        return self.post("/admin/login", email=email, password=password)


@pytest.fixture
def app(database, settings):
    made = add_pages(create_app(settings))
    yield made
    made.extensions["handrail"].database.close()


@pytest.fixture
def site(app, database):
    """Two organizations, each with an owner, a server and a walkthrough."""
    with app.app_context(), database.transaction() as session:
        rooms = {}
        for slug in ("acme", "other"):
            org = organization(session, slug)
            srv = server(session, org.id, slug)
            password = create_owner(session, org.id, f"owner@{slug}.example")
            row = walkthrough(session, org.id, content(title=f"Deploy at {slug}"), server_id=srv.id)
            rooms[slug] = (org.id, srv.id, row, password)
    return rooms


@pytest.fixture
def owner(app, site):
    visitor = Visitor(app)
    answer = visitor.sign_in("owner@acme.example", site["acme"][3])
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return visitor


def said(response):
    return response.get_data(as_text=True)


def test_a_visitor_is_sent_to_sign_in_and_sees_nothing(app, site):
    visitor = Visitor(app)
    for path in ("/admin/", "/admin/walkthroughs/", "/admin/walkthrough_steps/new/"):
        answer = visitor.get(path)
        assert (answer.status_code, "login" in answer.location) == (302, True)


def test_a_wrong_password_and_an_unknown_person_get_one_answer_and_are_throttled(app, site):
    def answer(email):
        return re.findall(
            r"[^>]*(?:failed|invalid|incorrect)[^<]*", said(visitor.sign_in(email, "x" * 14)), re.I
        )

    visitor = Visitor(app)
    assert answer("owner@acme.example") == answer("nobody@acme.example") != []
    codes = [visitor.sign_in("owner@acme.example", "x" * 14).status_code for _ in range(5)]
    assert codes[-1] == 429


def test_an_owner_makes_a_walkthrough_with_steps_publishes_and_assigns_it(owner, site, database):
    org, srv, *_ = site["acme"]
    made = owner.post("/admin/walkthroughs/new/", title="Make tea", is_published="y")
    assert made.status_code == 302
    with database.transaction() as session:
        row = session.query(Walkthrough).filter_by(title="Make tea").one().id
    for title, place in (("Brew", ""), ("Boil", "1")):
        answer = owner.post(
            "/admin/walkthrough_steps/new/",
            title=title, position=place, walkthrough_id=row, content=f"{title} it.",
        )  # fmt: skip
        assert answer.status_code == 302, said(answer)
    answer = owner.post(
        "/admin/mcp_server_walkthroughs/new/",
        mcp_server_id=srv, walkthrough_id=row, display_order="0", is_enabled="y",
    )  # fmt: skip
    assert answer.status_code == 302, said(answer)

    cards = catalog.list_walkthroughs(database, Caller(org, srv)).cards
    assert {card.title: card.total_steps for card in cards}["Make tea"] == 2
    with database.transaction() as session:
        stored = read.read_content(session, org, row)
        assert [step.title for step in stored.steps] == ["Boil", "Brew"]
        assert session.get(Walkthrough, row).version == 3


def test_editing_and_archiving_a_step_are_versions(owner, site, database):
    org, _, row, _ = site["acme"]
    with database.transaction() as session:
        first = session.get(Walkthrough, row).first_step_id
    path = f"/admin/walkthrough_steps/edit/?id={first}"
    owner.post(path, title="One", content="New words.", position="3")
    owner.post(f"/admin/walkthrough_steps/remove/?id={first}")

    with database.transaction() as session:
        assert session.get(Walkthrough, row).version == 3
        stored = read.read_content(session, org, row)
    assert [step.title for step in stored.steps] == ["Two", "Three"]


def test_text_that_hides_is_refused_and_what_was_typed_is_kept(owner, site):
    answer = owner.post(
        "/admin/walkthrough_steps/new/",
        title="X", walkthrough_id=site["acme"][2], content="a\u202eb typed",
    )  # fmt: skip

    assert "U+202E cannot be seen" in said(answer)
    assert "typed</textarea>" in said(answer)


EDIT = "https://github.com/acme/guides/edit/main/docs/walkthroughs/to%20deploy/walkthrough.yml"


@pytest.fixture
def owned(site, database):
    """A source that owns Acme's walkthrough: the walkthrough's id and its first step's."""
    org, _, row, _ = site["acme"]
    with database.transaction() as session:
        source = ContentSource(
            organization_id=org, name="git", url="ssh://git@github.com/acme/guides.git", path="docs"
        )
        session.add(source)
        session.flush()
        found = session.get(Walkthrough, row)
        found.source_id, found.folder = source.id, "to deploy"
        return row, found.first_step_id


def test_what_git_owns_is_not_written_here(owner, owned):
    row, step = owned
    page = f"/admin/walkthroughs/details/?id={row}"
    other_form = "/admin/mcp_servers/new/"
    for path in (
        f"/admin/walkthroughs/edit/?id={row}",
        f"/admin/walkthroughs/remove/?id={row}",
        f"/admin/walkthroughs/restore/?id={row}",
        f"/admin/walkthrough_steps/edit/?id={step}",
        f"/admin/walkthrough_steps/remove/?id={step}",
        f"/admin/walkthrough_steps/move/?id={step}",
        "/admin/walkthrough_steps/new/",
        "/admin/walkthroughs/delete/",
    ):
        answer = owner.post(
            path, page=other_form, title="Mine now", content="Mine now", walkthrough_id=row, id=row
        )
        assert answer.status_code == 409, path
        assert "managed by the Git repository “git”" in said(answer)
        assert f'href="{EDIT}"' in said(answer)

    assert f'href="{EDIT}"' in said(owner.get(page))
    assert "Mine now" not in said(owner.get("/admin/walkthroughs/"))


def test_forms_for_what_git_owns_lead_to_its_page_which_leads_to_its_file(owner, owned):
    row, step = owned
    for path, table in (
        (f"walkthroughs/edit/?id={row}", "walkthroughs"),
        (f"walkthroughs/remove/?id={row}", "walkthroughs"),
        (f"walkthrough_steps/new/?walkthrough_id={row}", "walkthroughs"),
        (f"walkthrough_steps/edit/?id={step}", "walkthrough_steps"),
        (f"walkthrough_steps/remove/?id={step}", "walkthrough_steps"),
    ):
        answer = owner.get(f"/admin/{path}")
        assert answer.status_code == 302, path
        assert f"/admin/{table}/details/" in answer.location
        assert f'href="{EDIT}"' in said(owner.get(answer.location))


def test_what_git_comes_to_own_while_a_form_is_saved_is_answered_alike(owner, site, database):
    org, _, row, _ = site["acme"]
    with database.transaction() as session:
        source = ContentSource(organization_id=org, name="git", url="https://x.example/x")
        session.add(source)
    path = f"/admin/walkthroughs/edit/?id={row}"
    owner.get(path)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            writer.adopt(session, org, row, source.id)
            session.flush()
            saving = pool.submit(owner.post, path, title="Mine now")
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            deadline = time.monotonic() + 30
            while not session.scalar(waiting):
                assert time.monotonic() < deadline
        answer = saving.result()

    assert answer.status_code == 409
    assert "managed by the Git repository “git”" in said(answer)
    assert "Mine now" not in said(owner.get("/admin/walkthroughs/"))


def test_a_file_at_a_host_that_nobody_knows_is_told_without_a_link(owner, owned, database):
    row, _ = owned
    with database.transaction() as session:
        source = session.query(ContentSource).one()
        source.url = "https://git.acme.example/acme/guides.git"
    page = said(owner.get(f"/admin/walkthroughs/details/?id={row}"))

    assert "<code>docs/walkthroughs/to deploy/walkthrough.yml</code>" in page
    assert "git.acme.example" not in page


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
        session.flush()
        tables |= {
            "content_sources": source.id,
            "sync_runs": run.id,
            "mcp_server_user": lea.id,
            "personal_links": session.query(PersonalLink).filter_by(organization_id=org).one().id,
        }
    first = progress.select(database, ContentCache(), caller, row, resume=True).step.id
    progress.advance(database, ContentCache(), caller, first)
    progress.select(database, ContentCache(), caller, row, resume=False)
    with database.transaction() as session:
        for table in (WalkthroughProgress, WalkthroughAttempt):
            own = session.query(table).filter_by(organization_id=org).one()
            tables[table.__tablename__] = own.id
    routes = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/admin/")]
    pages = [r for r in routes if r.endpoint.split(".")[0] in tables]

    views = {rule.endpoint.split(".")[0] for rule in routes if ".index_view" in rule.endpoint}
    assert views == tables.keys()
    assert len(pages) > 30
    for rule in pages:
        foreign = tables[rule.endpoint.split(".")[0]]
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if method == "GET":
                answer = owner.get(f"{rule.rule}?id={foreign}")
            else:
                answer = owner.post(
                    f"{rule.rule}?id={foreign}", page="/admin/walkthroughs/new/",
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
        assert owner.get(f"/admin/{table}/{query}").status_code in {200, 302, 400, 404}


def test_closed_doors_stay_closed(owner, site):
    row = site["acme"][2]
    assert owner.get("/admin/walkthroughs/ajax/lookup/?name=x&query=a").status_code == 404
    for path in ("ajax/update/", "action/"):
        answer = owner.post(
            f"/admin/mcp_servers/{path}",
            page="/admin/walkthroughs/new/",
            action="delete",
            rowid=row,
        )
        assert answer.status_code == 404
    assert owner.client.post("/admin/walkthroughs/delete/", data={"id": row}).status_code == 400
    assert (
        owner.post("/admin/mcp_servers/delete/", page="/admin/mcp_servers/new/", id=row).status_code
        == 404
    )


def test_a_form_without_its_token_is_refused(owner, site):
    row = site["acme"][2]
    answer = owner.client.post(f"/admin/walkthroughs/remove/?id={row}")

    assert answer.status_code == 400


def test_a_taken_slug_is_told_without_sql(owner):
    answer = owner.post("/admin/mcp_servers/new/", name="X", slug="other")

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

    assert vera.get("/admin/walkthroughs/").status_code == 200
    assert vera.get("/admin/walkthroughs/new/").status_code == 404
    assert vera.get(f"/admin/walkthroughs/remove/?id={site['acme'][2]}").status_code == 404
    with database.transaction() as session:
        gone = session.query(Member).filter_by(role=Role.VIEWER).one()
        session.delete(gone)
    assert vera.get("/admin/walkthroughs/").status_code == 404


def test_pages_run_only_scripts_of_their_own(owner):
    policy = owner.get("/admin/walkthroughs/").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy


def test_an_origin_names_the_member(owner, site, database):
    owner.post(f"/admin/walkthroughs/edit/?id={site['acme'][2]}", title="Renamed", is_published="y")

    assert "owner@acme.example" in said(owner.get("/admin/walkthrough_versions/"))
    assert Origin().author is None


def test_an_exported_cell_is_not_a_formula(owner, site):
    owner.post("/admin/walkthroughs/new/", title='=HYPERLINK("https://x.example")')
    rows = said(owner.get("/admin/walkthroughs/export/csv/"))

    assert "'=HYPERLINK" in rows
    assert "Deploy at other" not in rows


def test_choices_hold_the_organizations_own_rows_only(owner):
    page = said(owner.get("/admin/mcp_server_walkthroughs/new/"))

    assert "Deploy at acme" in page
    assert "Deploy at other" not in page


def test_a_count_tells_nothing_of_others(owner):
    assert "1 walkthrough<" in said(owner.get("/admin/walkthroughs/"))


def test_a_form_cannot_put_a_row_into_another_organization(owner, site, database):
    owner.post("/admin/mcp_servers/new/", name="X", slug="mine", organization_id=site["other"][0])

    with database.transaction() as session:
        assert (
            session.query(McpServer).filter_by(slug="mine").one().organization_id == site["acme"][0]
        )


def test_steps_move_up_and_down(owner, site, database):
    org, _, row, _ = site["acme"]

    def titles():
        with database.transaction() as session:
            return [step.title for step in read.read_content(session, org, row).steps]

    with database.transaction() as session:
        first = session.get(Walkthrough, row).first_step_id
    path, page = f"/admin/walkthrough_steps/move/?id={first}", "/admin/mcp_servers/new/"
    owner.post(path, page=page, to="down")
    assert titles() == ["Two", "One", "Three"]
    owner.post(path, page=page, to="up")
    assert titles() == ["One", "Two", "Three"]


def test_an_archived_walkthrough_is_out_of_sight_and_comes_back(owner, site):
    row = site["acme"][2]
    owner.post(f"/admin/walkthroughs/remove/?id={row}")
    owner.get("/admin/walkthroughs/")  # says once what was archived
    assert "Deploy at acme" not in said(owner.get("/admin/walkthroughs/?search=Deploy"))
    assert "Deploy at acme" in said(owner.get("/admin/walkthroughs/?archived=1"))
    owner.post(f"/admin/walkthroughs/restore/?id={row}", page="/admin/mcp_servers/new/")

    assert "Deploy at acme" in said(owner.get("/admin/walkthroughs/?search=Deploy"))


def test_a_personal_link_is_shown_once_and_ends_when_told(owner, site, database):
    server_id = site["acme"][1]
    shown = said(
        owner.post("/admin/personal_links/new/", mcp_server_id=server_id, email="lea@x.example")
    )
    token = re.search(r"/s/acme/mcp/u/([\w-]+)", shown)[1]
    listed = said(owner.get("/admin/personal_links/"))
    assert "lea@x.example" in listed
    assert token not in listed
    with database.transaction() as session:
        link = session.query(PersonalLink).one()
        assert link.token_hash == hash_token(token)
    owner.post(f"/admin/personal_links/remove/?id={link.id}")

    with database.transaction() as session:
        assert session.query(PersonalLink).one().revoked_at is not None


def test_a_link_to_a_foreign_server_is_refused(owner, site):
    answer = owner.post(
        "/admin/personal_links/new/", mcp_server_id=site["other"][1], email="lea@x.example"
    )

    assert "Not a valid choice" in said(answer)


def test_a_member_of_two_organizations_sees_one_at_a_time(app, owner, site, database):
    acme, other = site["acme"][0], site["other"][0]
    with database.transaction() as session:
        user = session.query(User).filter_by(email="owner@acme.example").one()
        session.add(Member(organization_id=other, user_id=user.id, role=Role.EDITOR))
    assert "Deploy at acme" in said(owner.get("/admin/walkthroughs/"))
    owner.post("/admin/organization", page="/admin/walkthroughs/", id=other)
    seen = said(owner.get("/admin/walkthroughs/"))
    assert ("Deploy at other" in seen, "Deploy at acme" in seen) == (True, False)
    refused = owner.post("/admin/organization", page="/admin/walkthroughs/", id="org_nowhere")

    assert refused.status_code == 404
    assert acme != other


def test_a_wrong_turn_is_answered_with_a_page(owner):
    answer = owner.get("/admin/walkthroughs/details/?id=nope")

    assert answer.status_code == 404
    assert "There is nothing here" in said(answer)
    assert '<html lang="en">' in said(answer)


def test_the_page_of_a_source_tells_what_waits_and_what_is_wrong(owner, site, database):
    org = site["acme"][0]
    with database.transaction() as session:
        source = ContentSource(
            organization_id=org, name="guides", url="https://x.example/x", newest_commit="c" * 40,
            awaiting_approval=AwaitingApproval("c0", "f00", ("it archives all 3 walkthroughs",)),
            problems=[Problem("a.yml", 3, "a mistake")],
        )  # fmt: skip
        session.add(source)
        session.flush()
        path = f"/admin/content_sources/details/?id={source.id}"
    page = said(owner.get(path))

    for words in (
        "it archives all 3 walkthroughs",
        "--approve f00",
        "a.yml:3",
        "waiting for approval",
    ):
        assert words in page


def test_an_owner_approves_the_very_plan_that_waits_and_to_no_other(owner, site, database):
    with database.transaction() as session:
        source = ContentSource(
            organization_id=site["acme"][0], name="guides", url="https://x.example/x",
            awaiting_approval=AwaitingApproval("c0", "f00", ("it archives all 3 walkthroughs",)),
            pending_changes=[PendingChange("deploy", "archive")],
        )  # fmt: skip
        session.add(source)
        session.flush()
        made = source.id
    page = f"/admin/content_sources/details/?id={made}"
    assert "goes into the archive" in said(owner.get(page))
    for fingerprint, agreed in (("0ld", None), ("f00", "f00")):
        owner.post(f"/admin/content_sources/approve/?id={made}", page=page, fingerprint=fingerprint)
        with database.transaction() as session:
            stored = session.get_one(ContentSource, made).approval
        assert (stored and stored.fingerprint) == agreed

    assert "has approved" in said(owner.get(page))


def test_an_owner_asks_for_a_sync_and_holds_a_source_and_others_do_not(app, owner, site, database):
    made = {}
    with database.transaction() as session:
        for slug in ("acme", "other"):
            source = ContentSource(
                organization_id=site[slug][0], name="guides", url="https://x.example/x"
            )
            session.add(source)
            session.flush()
            made[slug] = source.id
    page = "/admin/mcp_servers/new/"
    assert (
        owner.post(f"/admin/content_sources/sync/?id={made['acme']}", page=page).status_code == 302
    )
    assert (
        owner.post(
            f"/admin/content_sources/hold/?id={made['acme']}", page=page, held="1"
        ).status_code
        == 302
    )
    assert (
        owner.post(f"/admin/content_sources/sync/?id={made['other']}", page=page).status_code == 404
    )
    assert (
        owner.post(
            f"/admin/content_sources/hold/?id={made['other']}", page=page, held="1"
        ).status_code
        == 404
    )

    with database.transaction() as session:
        mine, theirs = (session.get_one(ContentSource, made[slug]) for slug in ("acme", "other"))
        assert (bool(mine.requested_at), bool(mine.held_at)) == (True, True)
        assert (theirs.requested_at, theirs.held_at) == (None, None)


def test_secrets_of_a_source_are_on_no_page(owner, site, database):
    with database.transaction() as session:
        source = ContentSource(
            organization_id=site["acme"][0], name="guides", url="https://x.example/x",
            credential="SEALED", webhook_secret="SEALED", check_token_hash="SEALED",
        )  # fmt: skip
        session.add(source)
        session.flush()
        row = source.id
    for path in ("", f"details/?id={row}", "export/csv/"):
        assert "SEALED" not in said(owner.get(f"/admin/content_sources/{path}"))


def test_hostile_words_of_a_commit_are_shown_as_words(owner, site, database):
    org, words = site["acme"][0], "<script>alert(1)</script>\"'&amp;"
    with database.transaction() as session:
        source = ContentSource(
            organization_id=org, name="git", url="https://x.example/x", newest_commit="c" * 40,
            problems=[Problem(f"{words}.yml", 3, words)], error=words,
        )  # fmt: skip
        session.add(source)
        session.flush()
        origin = Origin(source.id, "c" * 40, f"{words} <eve@x.example>")
        wanted = content(id="evil", title=words, description=words)
        row = walkthrough(session, org, wanted, origin=origin)
        session.add(
            SyncRun(
                organization_id=org, source_id=source.id, trigger="poll", actor=origin.author,
                started_at=0, finished_at=1, outcome="applied", changes=[words], problem_count=0,
                message=words,
            )
        )  # fmt: skip
    for path in (
        "walkthroughs/",
        f"walkthroughs/details/?id={row}",
        "walkthrough_steps/",
        "walkthrough_versions/",
        "content_sources/",
        f"content_sources/details/?id={source.id}",
    ):
        answer = owner.get(f"/admin/{path}")
        assert answer.status_code == 200, path
        assert "<script>alert" not in said(answer), path
        assert "&lt;script&gt;alert(1)" in said(answer) or path == "content_sources/", path


def test_an_owner_sets_the_pace_of_a_server_within_its_bounds(owner, site, database):
    _, srv, *_ = site["acme"]
    page = f"/admin/mcp_servers/edit/?id={srv}"

    def save(pace):
        return owner.post(page, name="Acme", slug="acme", pace_seconds=pace)

    assert save("30").status_code == 302
    for wrong in ("121", "-1", "soon"):
        assert save(wrong).status_code == 200
    with database.transaction() as session:
        assert session.get(McpServer, srv).pace_seconds == 30
    assert save("").status_code == 302
    with database.transaction() as session:
        assert session.get(McpServer, srv).pace_seconds == 5


def test_attempts_that_ended_and_calls_held_back_are_shown(owner, site, database):
    org, srv, row, _ = site["acme"]
    with database.transaction() as session:
        caller = Caller(org, srv, learner(session, org, "lea@acme.example").id, pace_seconds=60)
    first = progress.select(database, ContentCache(), caller, row, resume=True).step.id
    progress.advance(database, ContentCache(), caller, first)
    progress.advance(database, ContentCache(), replace(caller, pace_seconds=0), first)
    progress.select(database, ContentCache(), caller, row, resume=False)

    held = said(owner.get("/admin/walkthrough_progress/"))
    ended = said(owner.get("/admin/walkthrough_attempts/"))
    assert "Calls held back" in held
    assert re.search(r"<td[^>]*>\s*1\s*</td>", held)
    assert "lea@acme.example" in ended
    assert "Deploy at acme" in ended
