"""The list of walkthroughs: what is found, in which state, and by how many questions."""

import re

import pytest

from tests.builders import content, learner, server, walkthrough
from tests.dashboard import app, owner, said, site
from walkthroughs.content.values import StepContent, WalkthroughContent
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import ContentSource, Walkthrough, WalkthroughProgress
from walkthroughs.publishing.text_index import note_words

__all__ = ["app", "owner", "site"]
LIST = "/o/acme/admin/walkthroughs/"


def titles(answer):
    return re.findall(r'<h2><a href="[^"]+">([^<]+)</a>', said(answer))


def chips(answer):
    return dict(re.findall(r">(\w+) <span>(\d+)</span>", said(answer)))


@pytest.fixture
def shelf(site, database):
    """Walkthroughs in every state, beside "Deploy at acme", which is live."""
    org, srv, *_ = site["acme"]
    with database.transaction() as session:
        source = ContentSource(organization_id=org, name="guides", url="https://x.example/x")
        session.add(source)
        session.flush()
        second = server(session, org, "acme-two").id
        rows = {
            name: walkthrough(session, org, content(id=name, title=name.capitalize()), server_id=where)
            for name, where in (("hidden", srv), ("archived", srv), ("repository", second), ("lonely", None))
        }  # fmt: skip
        fresh = WalkthroughContent(
            "unborn", "Unborn", "About quinces.", (StepContent("s1", "One", "Peel the 100 % quince."),)
        )  # fmt: skip
        rows["unborn"] = walkthrough(session, org, fresh)
        for name, values in (
            ("hidden", {"is_published": False}),
            ("archived", {"archived_at": 5}),
            ("repository", {"is_published": False, "source_id": source.id, "tags": ["git", "ci"]}),
            ("unborn", {"is_published": False, "version": 0}),
        ):
            session.query(Walkthrough).filter_by(id=rows[name]).update(values)
    return rows


def test_each_walkthrough_is_in_one_state_and_the_chips_count_them(owner, shelf):
    everything = owner.get(LIST)
    assert chips(everything) == {
        "All": "5", "Draft": "2", "Live": "2", "Hidden": "1", "Archived": "1",
    }  # fmt: skip
    assert sorted(titles(everything)) == [
        "Deploy at acme", "Hidden", "Lonely", "Repository", "Unborn",
    ]  # fmt: skip
    for state, expected in (
        ("draft", ["Repository", "Unborn"]),
        ("live", ["Deploy at acme", "Lonely"]),
        ("hidden", ["Hidden"]),
        ("archived", ["Archived"]),
        ("nonsense", ["Deploy at acme", "Hidden", "Lonely", "Repository", "Unborn"]),
    ):
        assert sorted(titles(owner.get(f"{LIST}?state={state}"))) == expected


#: What is asked, and which walkthroughs are found.
QUERIES = (
    ("q=DEPLOY", ["Deploy at acme"]),
    ("q=quinces", ["Unborn"]),
    ("q=100+%25+quince", ["Unborn"]),  # in the text of a step, as typed
    ("q=100+_+quince", []),  # no wildcard
    ("q=repository", ["Repository"]),
    ("q=unborn", ["Unborn"]),  # its author id
    ("q=Deploy+at+other", []),
    ("server=acme-two", ["Repository"]),
    ("server=other", []),
    ("source=git", ["Repository"]),
    ("source=dashboard&state=draft", ["Unborn"]),
    ("tag=ci", ["Repository"]),
    ("tag=c", []),
    ("page=9", []),
    ("q=x&state=archived", []),
)


#: Found once the words of texts are noted: beginnings of them, in any order.
BY_WORDS = (
    ("q=quin+PEEL", ["Unborn"]),
    ("q=eel", []),
    ("q=quince+apple", []),
    ("q=quince&tag=ci", []),
)


@pytest.mark.parametrize("is_noted", [False, True])
def test_the_list_is_narrowed_by_words_server_origin_and_tag(owner, shelf, database, is_noted):
    if is_noted:
        assert note_words(database, 99) == 7
    for query, found in (*QUERIES, *(BY_WORDS if is_noted else ())):
        answer = owner.get(f"{LIST}?{query}")
        assert answer.status_code == 200
        assert titles(answer) == found, query
        assert ("Clear" in said(answer)) is (not found), query


def test_a_card_tells_what_learners_see_and_how_many_finish(owner, site, shelf, database):
    org, srv, row, _ = site["acme"]
    with database.transaction() as session:
        people = [learner(session, org, f"l{n}@x.example").id for n in range(5)]
    for who in people:
        progress.select(database, ContentCache(), Caller(org, srv, who), row, resume=True)
    with database.transaction() as session:
        session.query(WalkthroughProgress).filter_by(mcp_server_user_id=people[0]).update(
            {"status": ProgressStatus.COMPLETED}
        )
    shown = said(owner.get(f"{LIST}?q=Deploy+at+acme"))
    assert "Live v1" in shown
    assert "20 % finish (of 5)" in shown
    assert "not on any server" not in shown
    assert "not on any server" in said(owner.get(f"{LIST}?q=Lonely"))
    assert titles(owner.get(f"{LIST}?sort=learners"))[0] == "Deploy at acme"
    assert titles(owner.get(f"{LIST}?sort=title"))[0] == "Deploy at acme"
    with database.transaction() as session:
        session.query(WalkthroughProgress).filter_by(mcp_server_user_id=people[1]).delete()
    assert "1 of 4 finished" in said(owner.get(f"{LIST}?q=Deploy+at+acme"))


def test_a_script_that_asks_for_the_cards_gets_these_alone(owner, shelf):
    part = said(owner.client.get(f"{LIST}?q=quinces", headers={"HX-Target": "cards"}))
    assert "Unborn" in part
    assert "<html" not in part


def test_an_empty_organization_is_told_how_to_begin(owner, site, database):
    with database.transaction() as session:
        session.query(Walkthrough).filter_by(organization_id=site["acme"][0]).delete()
    assert "Write your first walkthrough" in said(owner.get(LIST))
    assert "Write your first walkthrough" not in said(owner.get(f"{LIST}?q=x"))
