"""The step card in the Inspector, which is the host of other people that runs in a browser here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Frame, Page, expect
from starlette.applications import Starlette

from tests.browser.card_host import FOX, STEP_TEXT
from tests.browser.conftest import _AXE, _RUN_AXE, PATIENCE_MS
from tests.browser.static_pages import watched
from tests.builders import content, new_course, step
from tests.outside.inspector_web import inspector_web
from tests.refusing import connections_refused
from tests.serving import ServedServer, free_port, served
from walkthroughs.database.pool import Database
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.publishing.pictures import store_pictures
from walkthroughs.settings import Settings

_COURSE = content(
    title="Practise Git",
    steps=(
        step("one", content=STEP_TEXT, section="Begin", verify="`git status` says `main`."),
        step("two"),
        step("three"),
    ),
)


@pytest.fixture
def course(database: Database, settings: Settings) -> Iterator[ServedServer]:
    port = free_port()
    endpoint = build_endpoint(database, replace(settings, base_url=f"http://localhost:{port}"))
    app = Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan())
    with served(app, port=port) as origin:
        with database.transaction() as session:
            caller, row = new_course(session, _COURSE)
            store_pictures(session, caller.organization_id, row, [FOX])
        yield ServedServer(origin, database, "acme", caller, row)


def test_a_learner_walks_in_the_card_that_the_inspector_shows(
    browser: Browser, course: ServedServer, postgres: str, tmp_path
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    page = watched(context.new_page())
    with inspector_web(tmp_path) as inspector:
        page.goto(
            inspector.card(
                course.address, "select_walkthrough", walkthrough_id=course.walkthrough_id
            )
        )
        page.get_by_test_id("open-app").click()
        card = page.frame_locator("iframe").frame_locator("iframe")
        expect(card.get_by_role("heading", name="One")).to_be_visible()
        frame = page.frames[-1]
        _expect_first_step(card)
        _expect_no_faults(page, frame)

        # By keyboard alone: the box, then the button.
        card.get_by_role("checkbox").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        expect(card.get_by_role("button", name="Done, next step")).to_be_focused()
        page.keyboard.press("Enter")
        expect(card.get_by_role("heading", name="Two")).to_be_focused()
        expect(card.locator("#spoken")).to_contain_text("Step 2 of 3")
        assert _status(course) == (2, ["One"])

        card.get_by_role("button", name="Back").click()
        expect(card.get_by_role("heading", name="One")).to_be_visible()
        expect(card.get_by_text("You have done this step.")).to_be_visible()
        expect(card.get_by_role("checkbox")).to_be_hidden()
        assert _status(course) == (2, ["One"])
        card.get_by_role("button", name="To step 2").click()
        expect(card.get_by_role("heading", name="Two")).to_be_visible()

        with connections_refused(postgres):
            card.get_by_role("button", name="Done, next step").click()
            expect(card.get_by_role("alert")).to_contain_text("Nothing was lost.")
        _go_on_elsewhere(course)
        card.get_by_role("button", name="Done, next step").click()
        expect(card.get_by_role("heading", name="Three")).to_be_visible()
        expect(card.get_by_role("alert")).to_be_empty()
        assert _status(course) == (3, ["One", "Two"])

        card.get_by_role("button", name="Done, next step").click()
        expect(card.get_by_role("heading", name="You have finished")).to_be_visible()
        expect(card.get_by_text("3 of 3 steps done.").first).to_be_visible()
        card.get_by_role("button", name="Back").click()
        expect(card.get_by_role("heading", name="Three")).to_be_visible()
        assert _status(course) == (None, ["One", "Two", "Three"])
    context.close()


def _expect_first_step(card) -> None:
    expect(card.get_by_text("Step 1 of 3 · Begin · Practise Git")).to_be_visible()
    expect(card.get_by_role("progressbar", name="Steps done")).to_have_js_property("value", 0)
    expect(card.get_by_role("img", name="A fox")).to_have_js_property("naturalWidth", 16)
    # The host loads pictures of this server alone; the others are links.
    expect(card.get_by_role("link", name="Picture: A cat")).to_be_visible()
    expect(card.get_by_role("checkbox")).to_have_accessible_name("git status says main.")
    expect(card.get_by_role("button", name="Done, next step")).to_be_disabled()
    expect(card.get_by_role("button", name="Back")).to_be_disabled()


def _expect_no_faults(page: Page, card: Frame) -> None:
    """Expect that axe finds nothing in the card, light and dark, as the Inspector's themes are."""
    card.evaluate(f"{_AXE.read_text()}; null")
    for theme in ("light", "dark"):
        expect(card.locator("html")).to_have_attribute("data-theme", theme)
        assert card.evaluate(_RUN_AXE)["violations"] == []
        page.get_by_role("button", name="Toggle color scheme").click()


def _status(course: ServedServer) -> tuple[int | None, list[str]]:
    """Return the position of the current step, and the titles of those that are done."""
    view = progress.status(course.database, ContentCache(), course.caller, course.walkthrough_id)
    (current,) = [each.position for each in view.steps if each.current] or [None]
    return current, [each.title for each in view.steps if each.completed]


def _go_on_elsewhere(course: ServedServer) -> None:
    """Complete the current step by the assistant, so that the card's is stale."""
    view = progress.status(course.database, ContentCache(), course.caller, course.walkthrough_id)
    progress.advance(course.database, ContentCache(), course.caller, view.current_step_id)
