"""Playing a walkthrough through: the answers are those of learners, and no learner's."""

import html
import re

import pytest
from sqlalchemy import text

from tests.builders import step
from tests.dashboard import app, owner, said, site
from tests.http.test_editor_page import edit, page_of
from tests.pictures import stored_picture
from walkthroughs.content.values import WalkthroughContent
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.mcp_server.texts import step_text
from walkthroughs.models import Base, McpServerUser, Walkthrough
from walkthroughs.publishing import writer
from walkthroughs.publishing.origin import Origin

__all__ = ["app", "owner", "site"]


@pytest.fixture
def versions(site, database):
    """Version 2 has a step more, one less, one to do again, and another order."""
    org, _, row, _ = site["acme"]

    def second(before):
        one, _, three = before.steps
        again = step("three", content="Do three again.", revision=three.revision + 1)
        return WalkthroughContent(
            before.id, before.title, steps=(again, one, step("four", verify="It is **done**."))
        )

    def publish():
        with database.transaction() as session:
            writer.change(session, org, row, second, Origin(author="ana@acme.example"))

    return publish


def play(visitor, row, query=""):
    return said(visitor.get(page_of(row, f"preview/?{query}")))


def follow(visitor, shown, key):
    link = re.search(rf'href="([^"]+)" data-key="{key}"', shown)
    return said(visitor.get(html.unescape(link[1]))) if link else None


def answer(shown):
    return html.unescape(re.search(r'aria-label="The answer">(.*?)</pre>', shown, re.S)[1])


def walk(visitor, shown):
    """Return all answers, from that of *shown* on."""
    answers = [answer(shown)]
    while (shown := follow(visitor, shown, "ArrowRight")) is not None:
        answers.append(answer(shown))
    return answers


class Twin:
    """A learner whom the real tools answer; ids of steps are replaced by their author ids."""

    def __init__(self, database, site):
        self.org, self.srv, self.row, _ = site["acme"]
        self.database = database
        with database.transaction() as session:
            user = McpServerUser(organization_id=self.org, email="twin@x.example")
            session.add(user)
            session.flush()
            self.caller = Caller(self.org, self.srv, user.id)

    def names(self):
        query = text("SELECT id, external_id FROM walkthrough_steps WHERE walkthrough_id = :row")
        with self.database.engine.begin() as connection:
            return dict(map(tuple, connection.execute(query, {"row": self.row})))

    def said(self, view):
        words = step_text(view)
        for row_id, name in self.names().items():
            words = words.replace(row_id, name)
        return words

    def select(self):
        return progress.select(self.database, ContentCache(), self.caller, self.row, resume=True)

    def next(self, view):
        return progress.advance(self.database, ContentCache(), self.caller, view.step.id)

    def walk(self):
        view = self.select()
        answers = [self.said(view)]
        while view.step:
            view = self.next(view)
            answers.append(self.said(view))
        return answers


def rows(database):
    with database.engine.begin() as connection:
        return {
            name: connection.execute(text(f'SELECT t::text FROM "{name}" t ORDER BY 1')).scalars().all()
            for name in Base.metadata.tables if name not in {"user", "users"}
        }  # fmt: skip


def without_mark(answers):
    """Return answers without what encloses the author's text, which may be a random word."""
    return [re.sub(r"</?content[^>]*>", "", each) for each in answers]


def test_someone_new_is_answered_what_a_learner_is_answered(owner, site, database):
    row, twin = site["acme"][2], Twin(database, site)
    assert without_mark(walk(owner, play(owner, row, "of=1"))) == without_mark(twin.walk())


@pytest.mark.parametrize(("stood", "steps_done"), [("one", 0), ("two", 1), ("three", 2), (".", 3)])
def test_someone_returning_is_answered_what_a_learner_is_answered(
    owner, site, database, versions, stood, steps_done
):
    row, twin = site["acme"][2], Twin(database, site)
    view = twin.select()
    for _ in range(steps_done):
        view = twin.next(view)
    versions()
    shown = play(owner, row, f"of=2&as=returning&from=1&stood={stood}")
    assert without_mark(walk(owner, shown)) == without_mark(twin.walk())
    assert "since you" in answer(shown)  # were here, or finished


def test_the_draft_plays_with_its_mistakes_and_touches_no_row(owner, site, database, versions):
    row, twin = site["acme"][2], Twin(database, site)
    twin.select()
    versions()
    edit(owner, row, "one", **{"step-text": ""})
    before = rows(database)
    shown = play(owner, row, "of=draft&at=one")
    assert "a step needs a text for the learner" in shown
    assert "Step 2 of 3" in answer(shown)
    assert "(version 3)" in answer(shown)
    for query in ("of=draft", "of=draft&at=.", "as=returning&from=1&stood=two", "of=1&at=two"):
        shown = play(owner, row, query)
        while shown is not None:
            shown = follow(owner, shown, "ArrowRight")
    assert rows(database) == before


def test_one_can_go_back_jump_fail_and_start_over(owner, site, versions):
    row = site["acme"][2]
    versions()
    last = play(owner, row, "at=four")
    assert "Step 3 of 3" in answer(last)
    assert "Step 2 of 3" in answer(follow(owner, last, "ArrowLeft"))
    failed = follow(owner, last, "f")
    assert answer(failed) == answer(last)
    assert "the learner stays on this step" in failed
    assert "<p>It is <strong>done</strong>.</p>" in failed
    assert "Step 1 of 3" in answer(follow(owner, failed, "r"))
    assert f'href="{page_of(row)}?step=four"' in last
    returning = play(owner, row, "as=returning&from=1&stood=two")
    assert re.search(r'value="one"\s+disabled', returning)
    # Who finished and finds nothing new is at the end.
    assert "Nothing is left" in play(owner, row, "at=.")


def test_an_address_that_names_nothing_plays_what_comes_nearest(owner, site, versions):
    row = site["acme"][2]
    versions()
    for query, words in (
        ("of=9", "There is no version 9"),
        ("of=%00", None),
        ("of=x", "There is no such version"),
        ("of=1&as=returning", "no earlier version to return from"),
        ("of=2&as=returning&from=7", "There is no version 7"),
        ("of=2&as=returning&from=2", "is not earlier"),
        ("of=0", "There is no such version"),
        ("at=gone", "Step 1 of 3"),
        ("as=returning&from=1&stood=gone", "Step 1 of 3"),
    ):
        answered = owner.get(page_of(row, f"preview/?{query}"))
        assert answered.status_code == (400 if words is None else 200), query
        assert words is None or words in said(answered), query
    assert owner.get(f"/o/acme/admin/walkthroughs/{site['other'][2]}/preview/").status_code == 404


def test_the_answer_names_pictures_by_the_address_on_a_server_that_offers_it(owner, site, database):
    row = site["acme"][2]
    name = stored_picture().name
    edit(owner, row, "one", **{"step-text": f"![A fox](i/{name})"})
    assert f"/s/acme/i/{name})" in answer(play(owner, row, "of=draft"))
    with database.transaction() as session:
        session.execute(text("UPDATE mcp_server_walkthroughs SET is_enabled = false"))
    shown = play(owner, row, "of=draft")
    assert f"(i/{name})" in answer(shown)
    assert "Pictures get their addresses once a server offers" in shown


def test_a_walkthrough_without_steps_leads_to_the_editor(owner, site, database):
    row = site["acme"][2]
    for name in ("one", "two", "three"):
        edit(owner, row, name, do=f"delete {name}")
    assert "Write step 1" in play(owner, row)
    with database.transaction() as session:
        assert session.query(Walkthrough).filter_by(id=row).one().version == 1
