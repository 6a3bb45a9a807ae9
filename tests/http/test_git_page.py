"""The pages of a content source that follows a real repository."""

import re

import pytest

from sync.queue import claim
from sync.sync_source import sync_source
from sync.worker import check_source
from tests.authors import Author
from tests.dashboard import app, counted, owner, said, site
from walkthroughs.content.problems import Problem
from walkthroughs.enums import Role
from walkthroughs.models import ContentSource, Member, SyncRun, Walkthrough, WalkthroughStep

__all__ = ["app", "owner", "site"]
GIT = "/o/acme/admin/git/"


class Guides:
    """A source of acme, its author, and its page."""

    def __init__(self, database, settings, site, folder):
        self.database, self.settings, self.author = database, settings, Author(folder)
        self.org = site["acme"][0]
        with database.transaction() as session:
            source = ContentSource(organization_id=self.org, name="guides", url=str(folder))
            session.add(source)
            session.flush()
            self.id = source.id
        self.page = f"{GIT}{self.id}/"

    def commit(self, body):
        self.author.write(("start", "", body), "finish", name="guide")
        return self.author.commit()

    def sync(self):
        return sync_source(self.database, self.settings, self.id)

    def set(self, **columns):
        with self.database.transaction() as session:
            for name, value in columns.items():
                setattr(session.get_one(ContentSource, self.id), name, value)

    def read(self):
        with self.database.transaction() as session:
            return session.get_one(ContentSource, self.id)

    def runs(self):
        with self.database.transaction() as session:
            query = session.query(SyncRun).filter_by(source_id=self.id)
            return query.order_by(SyncRun.started_at).all()

    def live(self):
        with self.database.transaction() as session:
            row = session.query(Walkthrough).filter_by(external_id="guide").one()
            step = session.query(WalkthroughStep).filter_by(
                walkthrough_id=row.id, external_id="start", archived_at=None
            )  # fmt: skip
            return step.one().content.strip()

    def words(self, visitor):
        """The part of the plan that a script asks for."""
        return said(visitor.client.get(self.page, headers={"HX-Target": "changes"}))


@pytest.fixture
def guides(database, settings, site, tmp_path):
    made = Guides(database, settings, site, tmp_path / "guides")
    made.commit("The first words.")
    made.sync()
    return made


def test_a_held_source_shows_the_words_that_wait_and_takes_nothing_from_the_host(owner, guides):
    guides.commit("The second words.")
    guides.set(held_at=5)
    guides.sync()
    shown = said(owner.get(guides.page))
    assert "1 change not applied" in shown
    assert "Resume" in shown
    words = guides.words(owner)
    assert "<del>first</del>" in words
    assert "<ins>second</ins>" in words
    assert "by Ana" in words
    assert "<html" not in words
    assert "<ins>second</ins>" in said(owner.get(f"{guides.page}?changes=1"))
    assert guides.live() == "The first words."


def test_words_are_not_waited_for_while_a_run_is_under_way(owner, guides):
    with claim(guides.database, guides.id, wait=True):
        assert "A run is under way" in guides.words(owner)


def test_going_back_shows_its_words_first_then_does_exactly_that_and_holds(owner, guides):
    guides.commit("The second words.")
    guides.sync()
    first, second = guides.runs()
    back = f"{guides.page}back?run={first.id}"
    assert re.findall(r"back\?run=(run_[^\"]+)\"", said(owner.get(f"{guides.page}?tab=runs"))) == [
        first.id
    ]
    shown = said(owner.get(back))
    assert "<ins>first</ins>" in shown
    assert "Go back: 1 change, and hold" in shown
    fingerprint = re.search(r'name="fingerprint" value="(\w+)"', shown)[1]

    owner.post(back, fingerprint=fingerprint)
    check_source(guides.database, guides.settings, guides.id)
    row = guides.read()
    assert guides.live() == "The first words."
    assert (row.synced_commit, row.held_at is not None) == (first.git_commit, True)
    assert guides.runs()[-1].actor == "owner@acme.example"
    assert owner.get(f"{guides.page}back?run=nonsense").status_code == 404
    assert second.git_commit != first.git_commit


def test_going_back_is_void_if_something_changed_since_it_was_shown(owner, guides):
    guides.commit("The second words.")
    guides.sync()
    first = guides.runs()[0]
    back = f"{guides.page}back?run={first.id}"
    fingerprint = re.search(r'name="fingerprint" value="(\w+)"', said(owner.get(back)))[1]
    guides.commit("The third words.")
    guides.sync()
    owner.post(back, fingerprint=fingerprint)
    check_source(guides.database, guides.settings, guides.id)
    assert guides.live() == "The third words."
    assert guides.read().held_at is None
    assert guides.read().approval is None


def test_mistakes_are_grouped_by_walkthrough_and_lead_to_their_lines(owner, guides):
    mistake = Problem("walkthroughs/guide/steps/start.md", 3, "a mistake")
    guides.set(
        url="https://github.com/acme/guides.git",
        newest_commit="c" * 40,
        problems=[mistake, mistake, Problem("README.md", 1, "another")],
    )
    shown = said(owner.get(f"{guides.page}?tab=problems"))
    line = "https://github.com/acme/guides/blob/main/walkthroughs/guide/steps/start.md#L3"
    assert shown.count(f'href="{line}"') == 1
    assert "The repository" in shown
    assert "2 mistakes in 1 walkthrough;" in said(owner.get(GIT))


def test_a_member_who_is_no_owner_looks_and_has_no_button(owner, guides, site, database):
    run = guides.runs()[0].id
    for role in (Role.VIEWER, Role.EDITOR):
        with database.transaction() as session:
            session.query(Member).filter_by(organization_id=guides.org).update({"role": role})
        for tab in ("plan", "runs", "problems", "settings", "nonsense"):
            shown = said(owner.get(f"{guides.page}?tab={tab}"))
            assert "guides" in shown
            assert 'method="post" action="/o/' not in shown
        assert owner.get(f"{guides.page}back?run={run}").status_code == 404


def test_sources_of_another_organization_are_on_no_page(owner, guides, site, database):
    with database.transaction() as session:
        foreign = ContentSource(
            organization_id=site["other"][0], name="secrets", url="https://x.example/x"
        )
        session.add(foreign)
        session.flush()
        foreign_id = foreign.id
    assert "secrets" not in said(owner.get(GIT))
    assert owner.get(f"{GIT}{foreign_id}/").status_code == 404
    run = guides.runs()[0].id
    assert owner.get(f"{GIT}{foreign_id}/back?run={run}").status_code == 404


def test_the_pages_ask_no_more_for_many_rows_than_for_few(app, owner, guides, database):
    paths = [GIT, *(f"{guides.page}?tab={tab}" for tab in ("plan", "runs", "problems"))]

    def queries():
        counts = []
        for path in paths:
            with counted(app) as asked:
                assert owner.get(path).status_code == 200
            counts.append(len(asked))
        return counts

    guides.set(problems=[Problem("walkthroughs/guide/x.md", 1, "a mistake")])
    queries()  # the first request of a session asks more
    few = queries()
    with database.transaction() as session:
        for number in range(40):
            session.add(ContentSource(organization_id=guides.org, name=f"n{number}",
                                      url="https://x.example/x"))  # fmt: skip
            session.add(SyncRun(organization_id=guides.org, source_id=guides.id, trigger="poll",
                                started_at=number, finished_at=number + 1, outcome="applied",
                                changes=[], problem_count=0))  # fmt: skip
    guides.set(problems=[Problem(f"walkthroughs/w{n}/x.md", 1, "a mistake") for n in range(40)])

    assert queries() == few
    assert max(few) <= 6
    assert "Older" in said(owner.get(f"{guides.page}?tab=runs"))
    assert "No older runs" in said(owner.get(f"{guides.page}?tab=runs&page=9"))
