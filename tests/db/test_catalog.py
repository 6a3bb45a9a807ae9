"""What a server offers, page by page, and found by words."""

import pytest
from sqlalchemy import text

from tests.builders import (
    DASHBOARD,
    content,
    learner,
    new_course,
    organization,
    server,
    walkthrough,
)
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning import catalog, progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.publishing import assignments, writer


class Shop:
    """A server with walkthroughs; they are named by their titles."""

    def __init__(self, database):
        self.database = database
        with database.transaction() as session:
            org = organization(session)
            srv = server(session, org.id)
            self.caller = Caller(org.id, srv.id, learner(session, org.id).id)

    def offer(self, *titles, **fields):
        org, srv = self.caller.organization_id, self.caller.server_id
        with self.database.transaction() as session:
            rows = [
                walkthrough(session, org, content(id=f"w{title}", title=title, **fields))
                for title in titles
            ]
            assignments.assign(session, org, srv, rows)
        return rows

    def page(self, **wanted):
        return catalog.list_walkthroughs(self.database, self.caller, **wanted)

    def titles(self, **wanted):
        return [card.title for card in self.page(**wanted).cards]


@pytest.fixture
def shop(database):
    return Shop(database)


def test_a_page_holds_fifty_and_says_how_many_there_are(shop):
    shop.offer(*(f"Number {n:03}" for n in range(120)))
    pages = [shop.page(page=number) for number in (1, 2, 3, 4)]

    assert [len(page.cards) for page in pages] == [50, 50, 20, 0]
    assert [page.total for page in pages[:3]] == [120] * 3
    titles = [card.title for page in pages for card in page.cards]
    assert titles == [f"Number {n:03}" for n in range(120)]


def test_words_of_the_title_come_before_words_of_the_description(shop):
    shop.offer("Make tea", description="Then deploy it.")
    shop.offer("Deploy an app", "Deploying databases", "Nothing of the kind")

    assert shop.titles(query="deployment of apps") == [
        "Deploy an app",
        "Deploying databases",
        "Make tea",
    ]
    assert shop.page(query="tea").total == 1


@pytest.mark.parametrize(
    "query",
    [
        "tea & !tea",
        "'tea",
        "tea:*",
        "(tea",
        "tea | ",
        "\\tea\\",
        "TEA -- ;",
        "<-> tea",
        "% tea _",
        "\x00tea",
    ],
)
def test_operators_in_a_query_are_plain_words(shop, query):
    shop.offer("Make tea", "Boil")

    assert shop.titles(query=query) == ["Make tea"]


@pytest.mark.parametrize("query", ["the of and", "!!!", "zebra", "\N{GRINNING FACE}"])
def test_a_query_that_finds_nothing_finds_nothing(shop, query):
    shop.offer("Make tea")

    assert shop.page(query=query).cards == ()


def test_words_of_other_languages_are_found(shop):
    shop.offer("Anmelden bei Acme", "Установка сервера", "Nothing of the kind")

    assert shop.titles(query="anmelden") == ["Anmelden bei Acme"]
    assert shop.titles(query="установка") == ["Установка сервера"]


def test_what_is_found_is_what_the_server_offers_to_this_learner(shop, database):
    first, *_ = shop.offer("Make tea")
    with database.transaction() as session:
        new_course(session, content(title="Make tea elsewhere"), slug="other")
        walkthrough(session, shop.caller.organization_id, content(id="x", title="Tea unassigned"))
    progress.select(database, ContentCache(), shop.caller, first, resume=True)
    (card,) = shop.page(query="tea").cards

    assert (card.id, card.status) == (first, ProgressStatus.IN_PROGRESS)


def test_a_walkthrough_on_two_servers_is_listed_once_with_what_this_learner_has_done_of_it(
    shop, database
):
    (tea,) = shop.offer("Tea")
    org = shop.caller.organization_id
    with database.transaction() as session:
        beside = server(session, org, "beside").id
        assignments.assign(session, org, beside, [tea])
        max_ = Caller(org, shop.caller.server_id, learner(session, org, "max@x.example").id)
    cache = ContentCache()
    for caller, steps in ((shop.caller, 1), (max_, 3)):
        view = progress.select(database, cache, caller, tea, resume=True)
        for _ in range(steps):
            view = progress.advance(database, cache, caller, view.step.id)
    (card,) = shop.page().cards
    assert (card.completed_steps, card.total_steps, shop.page().total) == (1, 3, 1)

    # Steps that moved from there to another walkthrough: Lea has done the first, Max both.
    (brew,) = shop.offer("Brew")
    moved = text(
        "UPDATE walkthrough_steps s SET predecessor_ids = jsonb_build_array(t.id)"
        "  FROM walkthrough_steps t WHERE s.walkthrough_id = :brew AND t.walkthrough_id = :tea"
        "   AND t.external_id = s.external_id AND s.external_id IN ('one', 'three')"
    )
    with database.transaction() as session:
        session.execute(moved, {"brew": brew, "tea": tea})
    assert {card.title: card.completed_steps for card in shop.page().cards} == {"Tea": 1, "Brew": 1}

    with database.transaction() as session:
        wanted = content("two", "three", id="wTea", title="Tea")
        writer.publish(session, org, tea, wanted, DASHBOARD)
    card = next(card for card in shop.page().cards if card.title == "Tea")
    assert (card.completed_steps, card.total_steps) == (0, 2)
