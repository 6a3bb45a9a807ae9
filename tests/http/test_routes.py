"""Every route of the dashboard, walked with a valid token by those who may not use it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask import g
from flask_security import hash_password
from sqlalchemy import text

from admin.access.tenant_filter import WrongOrganization
from app import add_pages, create_app
from tests.builders import content, learner, organization, server, sign_in, walkthrough
from tests.dashboard import Visitor
from tests.pictures import picture_file, stored_picture
from tests.uploads import TEA, zipped
from walkthroughs.addresses import is_dashboard
from walkthroughs.enums import Role
from walkthroughs.identity.links import create_link
from walkthroughs.models import Base, ContentSource, McpServer, Member, Organization, User, db
from walkthroughs.publishing.pictures import store_pictures

PASSWORD = "a long password"
FOX = stored_picture()
#: Files that are sent with forms: a picture that nobody has yet, and a walkthrough to import.
OWL, GUIDE = (
    picture_file(colour=9),
    zipped({path: data.replace(b"Make tea", b"Zanzibar") for path, data in TEA.items()}),
)
#: What the script of the editor sends: it would be stored in any draft that it reaches.
SAVE = {
    "request_id": "r" * 22, "base": 0, "client": "c" * 22,
    "changes": [{"kind": "add_step", "step": "stolen", "after": None, "title": "Stolen"}],
}  # fmt: skip
#: Pages that read no form, and what they are sent.
BODIES = {
    "editor.draft": {"json": SAVE},
    "pictures.store": {"data": OWL, "content_type": "image/png"},
}
#: Where pages read files and whole bodies.
READ_BODIES = {
    ("editor_page", "get_json"), ("pictures_page", "get_data"),
    ("pictures_page", "files"), ("import_page", "files"),
}  # fmt: skip
#: Pages that every member may read, by GET.
READ = {
    "index",
    "export",
    "server",
    "last_call",
    "shown_step",
    "picture",
    "learner",
    "source",
    "walkthrough",
    "walkthrough_export",
}
#: Files that name people: a viewer has none of them.
OF_PEOPLE = {"learners.export", "audit.export"}
#: Views that only an owner may change. Tables are not even shown to others.
OWNERS = {"git", "new_source", "source_settings", "members", "audit", "server_settings"}
#: Names of fields that hold no id, and no word that stands for a row.
PLAIN_FIELDS = {
    "command", "pictures", "problems", "state",
        "branch", "own_id", "suggested", "email", "emails", "fingerprint", "goal", "held", "name", "note", "order", "over", "page",
    "path", "plain_editor", "reason", "request_id", "role", "sealed", "seen", "shown", "since",
    "tab", "theme", "title", "typed", "url", "view", "way", "whole", "window", "a", "b",
}  # fmt: skip
#: Routes that are no page of a table: everybody's own.
OWN = {
    "password.change", "admin.index", "last_used", "lost_password.ask",
    "account.show", "account.change_looks", "account.end_sessions",
}  # fmt: skip


@pytest.fixture
def app(database, settings):
    made = add_pages(create_app(settings))
    yield made
    made.extensions["handrail"].database.close()


@pytest.fixture
def site(app, database):
    """One organization with a row in most tables, and another one."""
    with app.app_context(), database.transaction() as session:
        acme, other = organization(session, "acme"), organization(session, "other")
        srv = server(session, acme.id, "acme")
        source = ContentSource(organization_id=acme.id, name="guides", url="https://x.example/x")
        session.add(source)
        lea = learner(session, acme.id, "zanzibar@x.example")
        sign_in(session, srv, lea, "Zanzibar's app")
        row = walkthrough(session, acme.id, content(title="Zanzibar"), server_id=srv.id)
        store_pictures(session, acme.id, row, [FOX])
        create_link(session, "acme", "zanzibar@x.example")
        for name, org, role in (
            ("viewer", acme, Role.VIEWER), ("editor", acme, Role.EDITOR),
            ("owner", acme, Role.OWNER), ("stranger", other, Role.OWNER),
        ):  # fmt: skip
            user = User(email=f"{name}@x.example", password=hash_password(PASSWORD),
                        fs_uniquifier=name)  # fmt: skip
            session.add(user)
            session.flush()
            session.add(Member(organization_id=org.id, user_id=user.id, role=role))


_ROWS = """
    SELECT (to_jsonb(t) - '{{last_seen_at, last_used_at}}'::text[])::text FROM "{}" t ORDER BY 1
"""


def state(database):
    """All rows of all tables, as one text each, without when somebody was seen last.

    That is noted once a minute, which these tests take on a machine that does much else.
    """
    with database.engine.begin() as connection:
        return {
            name: connection.execute(text(_ROWS.format(name))).scalars().all()
            for name in Base.metadata.tables
        }


def first_id(database, table):
    if table not in Base.metadata.tables:
        return ""
    with database.engine.begin() as connection:
        return connection.execute(text(f'SELECT id FROM "{table}" LIMIT 1')).scalar() or ""


def token_of(visitor):
    page = visitor.get("/admin/login").get_data(as_text=True)
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


class Person(Visitor):
    """A member who sends a valid token with every form; without a name, nobody who is signed in."""

    #: Names an upload that waits to be stored, and whether forms are sent with files.
    upload, sends_files = "0" * 32, False

    def __init__(self, app, name=None):
        super().__init__(app)
        self.token = token_of(self)  # the session keeps it
        self.take_ids(app.extensions["handrail"].database)
        if name is None:
            return
        assert self.sign_in(f"{name}@x.example", PASSWORD).status_code == 302
        self.client.get("/admin/", follow_redirects=True)  # notes when they were seen

    def take_ids(self, database):
        self.walkthrough_id = first_id(database, "walkthroughs")
        self.learner_id = first_id(database, "mcp_server_user")
        self.source_id = first_id(database, "content_sources")
        self.server_id = first_id(database, "mcp_servers")
        self.step_id = first_id(database, "walkthrough_steps")

    def open(self, rule, method, row_id, slug="acme"):
        # A page that takes another kind of name fails here, so that it gets a row of its own.
        values = {
            "organization_slug": slug,
            "export_type": "csv",
            "slug": "acme",
            "token": "x",
            "walkthrough_id": self.walkthrough_id,
            "learner_id": self.learner_id,
            "source_id": self.source_id,
            "picture_name": FOX.name,
        }
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: values[name[1]], rule.rule)
        fields = self.fields(row_id)
        body = self.body(rule.endpoint, fields) if method == "POST" else {}
        return self.client.open(path, method=method, query_string=fields, **body)

    def body(self, endpoint, fields):
        if endpoint in BODIES:
            return {"headers": {"X-CSRFToken": self.token}} | BODIES[endpoint]
        files = {
            "file": (io.BytesIO(OWL), "owl.png"), "files": (io.BytesIO(GUIDE), "guide.zip"),
        } if self.sends_files else {}  # fmt: skip
        return {"data": fields | {"csrf_token": self.token} | files}

    def fields(self, row_id):
        """Name the rows in each field that may name one, as forms and addresses do."""
        row = self.walkthrough_id
        return {
            "id": row_id or row, "of": row, "walkthrough": row, "walkthrough_id": row, "copy": row,
            "starter": "copy", "change": f"archive {row}", "server": "acme", "slug": "acme",
            "mcp_server_id": self.server_id, "step": self.step_id, "do": f"delete {self.step_id}",
            "run": self.source_id, "take": row, "upload": self.upload, "token": "x", "version": "1",
            "content_source_id": self.source_id, "picture": FOX.name,
        }  # fmt: skip


def routes(app):
    """Yield (rule, table, page, method) of every page of the dashboard."""
    for rule in app.url_map.iter_rules():
        open_to_all = rule.endpoint.startswith(("security.", "handrail.", "static", "admin.static"))
        if is_dashboard(rule.rule) and not open_to_all and rule.endpoint not in OWN:
            table, _, page = rule.endpoint.partition(".")
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield rule, table, page, method


def own_routes(app):
    """Yield the same of everybody's own pages, but of signing in, out and in again."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OWN and "POST" in rule.methods:
            yield rule, "", "", "POST"


def is_table(name):
    return name in Base.metadata.tables


def test_a_viewer_can_read_and_nothing_else(app, site, database):
    vera, before, walked = Person(app, "viewer"), state(database), 0
    for rule, table, page, method in routes(app):
        answer = vera.open(rule, method, first_id(database, table))
        assert b"zanzibar@" not in answer.get_data(), rule.rule
        is_closed = is_table(table) or f"{table}.{page}" in OF_PEOPLE
        if is_closed or page not in READ or method != "GET":
            assert answer.status_code in {404, 405}, (rule.rule, method, answer.status_code)
            walked += 1
    assert walked > 60
    assert state(database) == before


def test_an_editor_cannot_change_what_is_the_owners(app, site, database):
    eddi, before, walked = Person(app, "editor"), state(database), 0
    for rule, table, page, method in routes(app):
        if is_table(table) or (table in OWNERS and (page not in READ or method != "GET")):
            answer = eddi.open(rule, method, first_id(database, table))
            assert answer.status_code in {404, 405}, (rule.rule, method, answer.status_code)
            walked += 1
    assert walked > 20
    assert state(database) == before


def test_the_menu_shows_tables_to_owners_alone(app, site):
    for name, slug, is_shown in (
        ("viewer", "acme", False), ("editor", "acme", False), ("stranger", "other", True),
    ):  # fmt: skip
        page = Person(app, name).get(f"/o/{slug}/admin/walkthroughs/").get_data(as_text=True)
        assert ("/admin/tables/" in page) is is_shown, name


def test_without_a_token_no_route_changes_anything_even_for_an_owner(app, site, database):
    owner = Person(app, "owner")
    before, walked = state(database), 0
    owner.token = ""
    for rule, table, _page, method in (*routes(app), *own_routes(app)):
        if method == "POST":
            answer = owner.open(rule, method, first_id(database, table))
            assert answer.status_code in {400, 404}, (rule.rule, answer.status_code)
            walked += 1
    assert walked > 80
    assert state(database) == before


def test_each_field_that_the_pages_read_is_known_to_these_tests(app, site, database):
    read = set()
    for file in Path("admin/pages").rglob("*.py"):
        read |= set(
            re.findall(r'(?:form|args|values)(?:\.get|\.getlist)?[\[(]"(\w+)"', file.read_text())
        )
    known = Person(app, "editor").fields("").keys() | PLAIN_FIELDS
    assert read - known == set(), "say whether it names a row"
    bodies = {
        (file.stem, found)
        for file in Path("admin").rglob("*.py")
        for found in re.findall(
            r"request\.(files|get_json|json|get_data|data|stream)\b", file.read_text()
        )
    }
    assert bodies == READ_BODIES, "say in BODIES what they are sent"


def test_a_member_of_another_organization_neither_sees_nor_changes_a_row(app, site, database):
    owner, stranger = Person(app, "owner"), Person(app, "stranger")
    stranger.upload, stranger.sends_files = uploaded(owner), True
    before, walked = state(database), 0
    for rule, table, _page, method in routes(app):
        row_id = first_id(database, table)
        foreign = stranger.open(rule, method, row_id)
        assert foreign.status_code in {404, 405}, (rule.rule, method, foreign.status_code)
        answer = stranger.open(rule, method, row_id, slug="other")
        allowed = {200, 302, 303, 400, 404, 405, 422}
        assert answer.status_code in allowed, (rule.rule, method, answer.status_code)
        for body in (foreign, answer):
            assert not re.search(r"(?i)zanzibar", body.get_data(as_text=True)), (rule.rule, method)
        walked += 1
    assert walked > 100
    assert state(database) == before


def uploaded(owner):
    """Send files to be imported; return what names them until they are stored."""
    path = "/o/acme/admin/walkthroughs/import/"
    data = {"csrf_token": owner.token, "files": (io.BytesIO(GUIDE), "guide.zip")}
    token = owner.client.post(path, data=data).location.rpartition("upload=")[2]
    assert b"Zanzibar" in owner.get(f"{path}?upload={token}").data
    return token


def test_uploads_and_bodies_that_name_rows_reach_those_of_the_own_organization_alone(
    app, site, database
):
    owner, stranger = Person(app, "owner"), Person(app, "stranger")
    owner.sends_files = stranger.sends_files = True
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    with database.transaction() as session:
        other = session.query(Organization).filter_by(slug="other").one().id
        own = walkthrough(session, other, content(title="Mine"))
    # The text names a picture that another organization has: here it is none.
    change = {"kind": "add_step", "step": "mine", "after": None, "text": f"![A](i/{FOX.name})"}
    saved = stranger.client.post(
        f"/o/other/admin/walkthroughs/{own}/draft",
        json=SAVE | {"changes": [change]},
        headers={"X-CSRFToken": stranger.token},
    )
    assert saved.status_code == 200
    picture = f"/o/other/admin/walkthroughs/{own}/pictures/i/{FOX.name}"
    assert stranger.get(picture).status_code == 404
    for endpoint, code in (
        ("editor.draft", 200), ("pictures.store", 200), ("pictures.add", 303),
        ("import_walkthroughs.index", 303),
    ):  # fmt: skip
        before = state(database)
        refused = stranger.open(rules[endpoint], "POST", "", slug="other").status_code
        assert refused == (code if endpoint == "import_walkthroughs.index" else 404), endpoint
        assert state(database) == before
        # The same is done to what is theirs: so it is not refused for another reason.
        assert owner.open(rules[endpoint], "POST", "").status_code == code, endpoint
        assert state(database) != before or endpoint in {
            "pictures.add",
            "import_walkthroughs.index",
        }


def test_a_visitor_is_sent_to_sign_in_by_every_route_though_their_token_is_valid(
    app, site, database
):
    visitor, before = Person(app), state(database)
    for rule, table, _page, method in routes(app):
        answer = visitor.open(rule, method, first_id(database, table))
        signs_in = answer.status_code == 302 and "/admin/login" in answer.location
        is_refused = answer.status_code in {401, 404, 405}  # a script signs in inside the page
        assert signs_in or is_refused, (rule.rule, method, answer.status_code)
    assert state(database) == before


@pytest.mark.parametrize("change", ["new", "changed", "deleted"])
def test_a_row_of_another_organization_is_never_flushed(app, site, database, change):
    with database.transaction() as session:
        acme, other = (
            session.query(Organization).filter_by(slug=slug).one().id for slug in ("acme", "other")
        )
    with app.test_request_context("/admin/"):
        g.organization_id = acme
        row = db.session.query(McpServer).one()
        g.organization_id = other
        if change == "new":
            db.session.add(McpServer(organization_id=acme, slug="second", name="Second"))
        elif change == "changed":
            row.name = "Another"
        else:
            db.session.delete(row)
        with pytest.raises(WrongOrganization):
            db.session.flush()
        db.session.rollback()
