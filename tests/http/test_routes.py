"""Every route of the dashboard, walked with a valid token by those who may not use it."""

from __future__ import annotations

import re

import pytest
from flask import g
from flask_security import hash_password
from sqlalchemy import text

from admin.access.tenant_filter import WrongOrganization
from app import add_pages, create_app
from tests.builders import content, learner, organization, server, sign_in, walkthrough
from tests.dashboard import Visitor
from tests.pictures import stored_picture
from walkthroughs.addresses import is_dashboard
from walkthroughs.enums import Role
from walkthroughs.identity.links import create_link
from walkthroughs.models import Base, ContentSource, McpServer, Member, Organization, User, db
from walkthroughs.publishing.pictures import store_pictures

PASSWORD = "a long password"
FOX = stored_picture()
#: Pages that every member may read, by GET.
READ = {
    "index_view",
    "details_view",
    "export",
    "index",
    "server",
    "last_call",
    "shown_step",
    "picture",
    "learner",
    "source",
    "walkthrough",
    "walkthrough_export",
}
#: Tables that name people: a viewer opens none of them.
OF_PEOPLE = {
    "mcp_server_user", "personal_links", "oauth_grants", "walkthrough_progress",
    "walkthrough_attempts", "learners.export",
}  # fmt: skip
#: Views that only an owner may change.
OWNERS = {
    "content_sources", "git", "new_source", "source_settings", "mcp_servers", "oauth_grants",
    "personal_links", "members", "audit", "server_settings",
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
            ("viewer", acme, Role.VIEWER), ("editor", acme, Role.EDITOR), ("stranger", other, Role.OWNER),
        ):  # fmt: skip
            user = User(email=f"{name}@x.example", password=hash_password(PASSWORD),
                        fs_uniquifier=name)  # fmt: skip
            session.add(user)
            session.flush()
            session.add(Member(organization_id=org.id, user_id=user.id, role=role))


def state(database):
    """All rows of all tables, as one text each."""
    with database.engine.begin() as connection:
        return {
            name: connection.execute(text(f'SELECT t::text FROM "{name}" t ORDER BY 1')).scalars().all()
            for name in Base.metadata.tables
        }  # fmt: skip


def first_id(database, table):
    if table not in Base.metadata.tables:
        return ""
    with database.engine.begin() as connection:
        return connection.execute(text(f'SELECT id FROM "{table}" LIMIT 1')).scalar() or ""


def token_of(visitor):
    page = visitor.get("/admin/login").get_data(as_text=True)
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


class Person(Visitor):
    """A member who sends a valid token with every form."""

    def __init__(self, app, name):
        super().__init__(app)
        self.token = token_of(self)  # the session keeps it
        self.take_ids(app.extensions["handrail"].database)
        assert self.sign_in(f"{name}@x.example", PASSWORD).status_code == 302
        self.client.get("/admin/", follow_redirects=True)  # notes when they were seen

    def take_ids(self, database):
        self.walkthrough_id = first_id(database, "walkthroughs")
        self.learner_id = first_id(database, "mcp_server_user")
        self.source_id = first_id(database, "content_sources")

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
        data = {"csrf_token": self.token, "id": row_id} if method == "POST" else None
        return self.client.open(f"{path}?id={row_id}", method=method, data=data)


def routes(app):
    """Yield (rule, table, page, method) of every page of the dashboard."""
    for rule in app.url_map.iter_rules():
        open_to_all = rule.endpoint.startswith(("security.", "handrail.", "static", "admin.static"))
        if is_dashboard(rule.rule) and not open_to_all and rule.endpoint not in OWN:
            table, _, page = rule.endpoint.partition(".")
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield rule, table, page, method


def test_a_viewer_can_read_and_nothing_else(app, site, database):
    vera, before, walked = Person(app, "viewer"), state(database), 0
    for rule, table, page, method in routes(app):
        answer = vera.open(rule, method, first_id(database, table))
        of_people = bool({table, f"{table}.{page}"} & OF_PEOPLE)
        assert b"zanzibar@" not in answer.get_data(), rule.rule
        if page not in READ or method != "GET" or of_people:
            assert answer.status_code in {404, 405}, (rule.rule, method, answer.status_code)
            walked += 1
    assert walked > 60
    assert state(database) == before


def test_an_editor_cannot_change_what_is_the_owners(app, site, database):
    eddi, before, walked = Person(app, "editor"), state(database), 0
    for rule, table, page, method in routes(app):
        if table in OWNERS and (page not in READ or method != "GET"):
            answer = eddi.open(rule, method, first_id(database, table))
            assert answer.status_code in {404, 405}, (rule.rule, method, answer.status_code)
            walked += 1
    assert walked > 20
    assert state(database) == before


def test_an_editor_can_open_the_forms_that_are_theirs(app, site):
    eddi = Person(app, "editor")
    for path in ("walkthroughs/new/", "mcp_server_walkthroughs/new/"):
        assert eddi.get(f"/o/acme/admin/tables/{path}").status_code == 200
    assert eddi.get("/o/acme/admin/tables/mcp_servers/new/").status_code == 404


def test_a_member_of_another_organization_neither_sees_nor_changes_a_row(app, site, database):
    stranger, before, walked = Person(app, "stranger"), state(database), 0
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


def test_a_visitor_is_sent_to_sign_in_by_every_route_though_their_token_is_valid(
    app, site, database
):
    visitor, before = Visitor(app), state(database)
    visitor.token = token_of(visitor)
    Person.take_ids(visitor, database)
    for rule, table, _page, method in routes(app):
        answer = Person.open(visitor, rule, method, first_id(database, table))
        signs_in = answer.status_code == 302 and "/admin/login" in answer.location
        assert signs_in or answer.status_code in {404, 405}, (rule.rule, method, answer.status_code)
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
