"""A page of the dashboard asks as many questions for many rows as for few."""

from __future__ import annotations

import re

import pytest

from admin.access.accounts import create_owner
from app import add_pages, create_app
from tests.builders import content, learner, organization, server, sign_in, walkthrough
from tests.dashboard import Visitor, counted
from walkthroughs.identity.links import create_link
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import ContentSource, McpServerWalkthrough

#: The user, the organization and the role, the count, the rows; two at most for what stands beside.
LIST_QUERIES = 6
#: The same for one row, and what belongs to it: steps, versions, assignments.
PAGE_QUERIES = 8
#: A form is shown, then saved: the row is read for each, and once more under the lock. The version
#: that is replaced keeps its texts; one is the audit's, and one says that words are to be noted.
SAVE_QUERIES = 20


@pytest.fixture
def app(database, settings):
    made = add_pages(create_app(settings))
    yield made
    made.extensions["handrail"].database.close()


class Site:
    """An organization that grows, and its owner at the dashboard."""

    def __init__(self, app, database):
        self.app, self.database = app, database
        with app.app_context(), database.transaction() as session:
            self.org = organization(session, "acme").id
            password = create_owner(session, self.org, "owner@x.example")
        self.visitor = Visitor(app)
        self.visitor.sign_in("owner@x.example", password)
        self.visitor.get("/o/acme/admin/")  # notes when they were seen

    def grow(self, start, count):
        """Add rows to all tables: those numbered from *start*."""
        for number in range(start, start + count):
            with self.database.transaction() as session:
                slug = f"acme-{number}"
                srv = server(session, self.org, slug)
                who = learner(session, self.org, f"lea{number}@x.example")
                session.add(ContentSource(
                    organization_id=self.org, name=slug, url=f"https://x.example/{slug}"
                ))  # fmt: skip
                row = walkthrough(session, self.org, content(id=slug), server_id=srv.id)
                create_link(session, slug, f"lea{number}@x.example")
                sign_in(session, srv, who)
                caller = Caller(self.org, srv.id, who.id)
            progress.select(self.database, ContentCache(), caller, row, resume=True)

    def of_steps(self, count):
        """Return a new walkthrough of so many steps."""
        names = [f"s{place}" for place in range(count)]
        with self.database.transaction() as session:
            return walkthrough(session, self.org, content(*names, id=f"of-{count}"))

    def queries(self, path):
        with counted(self.app) as asked:
            answer = self.visitor.get(path)
        assert answer.status_code == 200, path
        return asked


@pytest.fixture
def site(app, database):
    return Site(app, database)


def lists(app):
    """Return the addresses of all lists of the dashboard."""
    rules = (rule.rule for rule in app.url_map.iter_rules())
    of_acme = (rule.replace("<organization_slug>", "acme") for rule in rules)
    return sorted({path for path in of_acme if re.fullmatch(r"/o/acme/admin/tables/\w+/", path)})


def test_a_list_asks_no_more_for_many_rows_than_for_few(site):
    paths = lists(site.app)
    assert len(paths) > 10
    site.grow(0, 2)
    few = {path: len(site.queries(path)) for path in paths}
    site.grow(2, 10)
    many = {path: len(site.queries(path)) for path in paths}

    assert many == few
    assert max(few.values()) <= LIST_QUERIES, few


def test_the_page_of_a_walkthrough_asks_no_more_for_many_steps_than_for_few(site):
    counts = [
        len(site.queries(f"/o/acme/admin/tables/walkthroughs/details/?id={site.of_steps(n)}"))
        for n in (2, 40)
    ]

    assert counts[0] == counts[1] <= PAGE_QUERIES


def test_a_save_of_a_walkthrough_locks_and_reads_it_once(site):
    path = f"/o/acme/admin/tables/walkthroughs/edit/?id={site.of_steps(20)}"
    with counted(site.app) as asked:
        answer = site.visitor.post(path, title="New", estimated_minutes="5", is_published="y")
    assert answer.status_code == 302, "saved"

    assert len(asked) <= SAVE_QUERIES, "\n".join(asked)
    assert sum("FOR NO KEY UPDATE" in statement for statement in asked) == 1
    assert sum("FROM walkthrough_steps" in statement for statement in asked) == 1


def test_no_page_of_a_row_is_titled_by_a_class_or_an_id(site):
    site.grow(0, 1)
    with site.database.transaction() as session:
        session.query(McpServerWalkthrough).update({"display_order": 0})
    seen = 0
    for path in lists(site.app):
        listed = site.visitor.get(path).get_data(as_text=True)
        for address in set(re.findall(rf'href="({path}details/[^"]+)"', listed)):
            shown = site.visitor.get(address).get_data(as_text=True)
            for name in re.findall(r"<(?:title|h1)>([^<]*)<", shown):
                assert not re.search(r"&lt;|\b[a-z]{2,3}_[\w-]{10}\b", name), (address, name)
            if "mcp_server_walkthroughs" in path:
                assert re.search(r"<dt>Place</dt>\s*<dd>0</dd>", shown)
            seen += 1
    assert seen >= 7
