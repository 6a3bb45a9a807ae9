"""A visitor of the dashboard, and two organizations to look at."""

import re
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from admin.access.accounts import create_owner
from app import add_pages, create_app
from tests.builders import content, organization, server, walkthrough


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
def password(site):
    """The password of the first organization's owner."""
    return site["acme"][3]


@pytest.fixture
def owner(app, site):
    visitor = Visitor(app)
    answer = visitor.sign_in("owner@acme.example", site["acme"][3])
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return visitor


#: What is noted once a minute: where a minute passes within a test, it is no statement of the page.
_NOTED = re.compile(r"UPDATE (user_session|member) SET last_(used|seen)_at")


@contextmanager
def counted(app):
    """Yield the statements that the application executes in the block."""
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        if not _NOTED.match(statement):
            asked.append(statement)

    engine = app.extensions["handrail"].database.engine
    event.listen(engine, "after_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "after_cursor_execute", note)


def is_inside(visitor):
    return visitor.get("/o/acme/admin/tables/walkthroughs/").status_code == 200


def said(response):
    return response.get_data(as_text=True)
