"""The step card, in a browser: in the Inspector, and with results that a host hands over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Expect, Frame, Page, expect
from starlette.applications import Starlette

from tests.browser.card_host import answer, as_sent, open_card, result_of, show_theme
from tests.browser.conftest import _AXE, _RUN_AXE
from tests.browser.static_pages import until, watched
from tests.builders import content, new_course, step
from tests.outside.inspector_web import inspector_web
from tests.pictures import stored_picture
from tests.refusing import connections_refused
from tests.serving import ServedServer, free_port, served
from tests.unit.test_xss import PAYLOADS, scheme
from walkthroughs.content import html_rules
from walkthroughs.database.pool import Database
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.mcp_server.results import error_result
from walkthroughs.publishing.pictures import store_pictures
from walkthroughs.settings import Settings

#: What stands in the card of an author's texts.
_FOUND = """() => {
  const parts = [...document.querySelectorAll("#title *, #text *, #what *")];
  return {
    elements: parts.map((each) => each.localName),
    attributes: parts.flatMap((each) => each.getAttributeNames()),
    addresses: parts.flatMap((each) => [each.getAttribute("href"), each.getAttribute("src")]).filter(Boolean),
  };
}"""
#: The Inspector takes its time on a busy machine, and each call goes through its server.
_SLOW_MS = 40_000
_patiently = Expect()
_patiently.set_options(timeout=_SLOW_MS)
_FOX = stored_picture()
_FIRST = f"""Make a *practice* folder:

```sh
mkdir practice && cd practice && git init --initial-branch=main && echo "a line that is wider than a phone is"
```

![A fox](i/{_FOX.name}) ![A cat](https://elsewhere.invalid/cat.png)

| key | does |
|-----|------|
| `q` | ends |

See [the guide](https://guide.example/start).
"""
_COURSE = content(
    title="Practise Git",
    steps=(
        step("one", content=_FIRST, section="Begin", verify="`git status` says `main`."),
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
            store_pictures(session, caller.organization_id, row, [_FOX])
        yield ServedServer(origin, database, "acme", caller, row)


def test_a_learner_walks_in_the_card_that_the_inspector_shows(
    browser: Browser, course: ServedServer, postgres: str, tmp_path
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(_SLOW_MS)
    page = watched(context.new_page())
    with inspector_web(tmp_path) as inspector:
        page.goto(
            inspector.card(
                course.address, "select_walkthrough", walkthrough_id=course.walkthrough_id
            )
        )
        page.get_by_test_id("open-app").click()
        card = page.frame_locator("iframe").frame_locator("iframe")
        _patiently(card.get_by_role("heading", name="One")).to_be_visible()
        frame = page.frames[-1]
        _expect_first_step(card)
        _expect_no_faults(page, frame)

        # By keyboard alone: the box, then the button.
        card.get_by_role("checkbox").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        _patiently(card.get_by_role("button", name="Done, next step")).to_be_focused()
        page.keyboard.press("Enter")
        _patiently(card.get_by_role("heading", name="Two")).to_be_focused()
        _patiently(card.locator("#spoken")).to_contain_text("Step 2 of 3")
        assert _status(course) == (2, ["One"])

        card.get_by_role("button", name="Back").click()
        _patiently(card.get_by_role("heading", name="One")).to_be_visible()
        _patiently(card.get_by_text("You have done this step.")).to_be_visible()
        _patiently(card.get_by_role("checkbox")).to_be_hidden()
        assert _status(course) == (2, ["One"])
        card.get_by_role("button", name="To step 2").click()
        _patiently(card.get_by_role("heading", name="Two")).to_be_visible()

        with connections_refused(postgres):
            card.get_by_role("button", name="Done, next step").click()
            _patiently(card.get_by_role("alert")).to_contain_text("Nothing was lost.")
        _go_on_elsewhere(course)
        card.get_by_role("button", name="Done, next step").click()
        _patiently(card.get_by_role("heading", name="Three")).to_be_visible()
        _patiently(card.get_by_role("alert")).to_be_empty()
        assert _status(course) == (3, ["One", "Two"])

        card.get_by_role("button", name="Done, next step").click()
        _patiently(card.get_by_role("heading", name="You have finished")).to_be_visible()
        _patiently(card.get_by_text("3 of 3 steps done.").first).to_be_visible()
        card.get_by_role("button", name="Back").click()
        _patiently(card.get_by_role("heading", name="Three")).to_be_visible()
        assert _status(course) == (None, ["One", "Two", "Three"])
    context.close()


def _expect_first_step(card) -> None:
    _patiently(card.get_by_text("Step 1 of 3 · Begin · Practise Git")).to_be_visible()
    _patiently(card.get_by_role("progressbar", name="Steps done")).to_have_js_property("value", 0)
    _patiently(card.get_by_role("img", name="A fox")).to_have_js_property("naturalWidth", 16)
    # The host loads pictures of this server alone; the others are links.
    _patiently(card.get_by_role("link", name="Picture: A cat")).to_be_visible()
    _patiently(card.get_by_role("checkbox")).to_have_accessible_name("git status says main.")
    _patiently(card.get_by_role("button", name="Done, next step")).to_be_disabled()
    _patiently(card.get_by_role("button", name="Back")).to_be_disabled()


def _expect_no_faults(page: Page, card: Frame) -> None:
    """Expect that axe finds nothing in the card, light and dark, as the Inspector's themes are."""
    card.evaluate(f"{_AXE.read_text()}; null")
    for theme in ("light", "dark"):
        _patiently(card.locator("html")).to_have_attribute("data-theme", theme)
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


def test_nothing_that_an_author_writes_runs_in_the_card_or_asks_anybody_for_anything(
    browser: Browser,
) -> None:
    page, card = open_card(browser)
    allowed = html_rules.ATTRIBUTES - {"id", "name"} | {"tabindex"}
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for number, payload in enumerate(each for text in PAYLOADS for each in (text, f"> - {text}")):
        result = result_of(payload, id=f"ws_{number}", title=f"{number} {payload}", verify=payload)
        page.evaluate("hand", result)
        until(card, f"document.querySelector('#title').textContent.startsWith('{number} ')")
        found = card.evaluate(_FOUND)
        assert set(found["elements"]) <= html_rules.ELEMENTS, payload
        assert set(found["attributes"]) <= allowed, payload
        assert {scheme(each) for each in found["addresses"]} <= {"http", "https", "mailto"}, payload

    # What is told is that no style of theirs applies, not even while it is taken out.
    assert [said for said in page.told if not said.startswith("Applying inline style")] == []
    assert asked == []


def test_the_card_fits_a_phone_in_each_theme_and_has_no_faults(browser: Browser) -> None:
    page, card = open_card(browser)
    card.evaluate(f"{_AXE.read_text()}; null")
    page.evaluate("hand", result_of(_FIRST, verify="Long".ljust(300, "x"), section="Begin"))
    page.set_viewport_size({"width": 320, "height": 800})
    for theme in ("light", "dark"):
        show_theme(page, theme)
        assert card.evaluate(_RUN_AXE)["violations"] == []
        assert card.evaluate("document.documentElement.scrollWidth <= innerWidth")
    height = card.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
    until(page, f"heard.at(-1).params.height === {height}")


def test_the_card_says_what_a_result_means_and_what_to_do(browser: Browser) -> None:
    page, card = open_card(browser)
    done = card.get_by_role("button", name="Done, next step")
    checkbox, alert = card.get_by_role("checkbox"), card.get_by_role("alert")
    first = result_of("## Why\n\n`</content>`\n\n[Here](https://x.example/a)", verify="It *runs*.")
    page.evaluate("hand", first)
    expect(card.get_by_role("heading", name="Why", level=2)).to_be_visible()
    expect(card.locator("#text code")).to_have_text("</content>")
    assert card.evaluate(
        "document.activeElement === document.body"
    )  # it opens without taking focus
    card.get_by_role("link", name="Here").click()
    assert _asked(page, "ui/open-link") == {"url": "https://x.example/a"}

    # A call that came too soon repeats no text. Text and tick stay, and the reason is shown.
    checkbox.check()
    done.click()
    assert _asked(page, "tools/call")["arguments"] == {"current_step_id": "ws_1"}
    expect(done).to_be_disabled()
    soon = result_of("## Why", verify="It *runs*.", notice="Nothing moved: so soon.", hurried=True)
    answer(page, result=soon)
    expect(card.locator("#notice")).to_have_text("Nothing moved: so soon.")
    expect(card.get_by_role("heading", name="Why", level=2)).to_be_visible()
    expect(checkbox).to_be_checked()

    for refusal, said in (
        ({"error": {"code": -32000, "message": "Not now."}}, "Not now. Press the button again"),
        ({"result": {"content": [], "isError": False}}, "has not passed on what the card needs"),
        ({"result": as_sent(error_result("Withdrawn."))}, "Withdrawn. Press the"),
    ):
        done.click()
        answer(page, **refusal)
        expect(alert).to_contain_text(said)
        expect(done).to_be_enabled()

    done.click()
    answer(page, result=result_of("More.", id="ws_2", title="Two", position=2))
    expect(card.get_by_role("heading", name="Two")).to_be_focused()
    expect(alert).to_be_empty()
    told = _asked(page, "ui/update-model-context")["content"]
    assert "Do not show it again" in told[0]["text"]
    assert 'current_step_id "ws_2"' in told[1]["text"]

    # A card that is opened by a call that came too soon asks the server for the text.
    page.evaluate(
        "hand", result_of("Late.", id="ws_3", title="Three", notice="So soon.", hurried=True)
    )
    assert _asked(page, "tools/call")["arguments"] == {"walkthrough_id": "wt_1", "step_id": "ws_3"}
    answer(page, result={"structuredContent": {"step": {"content": "Late."}}})
    expect(card.locator("#text")).to_have_text("Late.")
    expect(card.locator("#notice")).to_have_text("So soon.")

    page.evaluate(
        "send({ id: 90, method: 'ping' }); send({ id: 91, method: 'ui/resource-teardown' }); send({ id: 92, method: 'x' })"
    )
    until(page, "asked.at(-1).id === 92")
    assert page.evaluate("asked.slice(-3).map(({ result, error }) => result ?? error.code)") == [
        {},
        {},
        -32601,
    ]
    assert page.told == []


def _asked(page: Page, method: str) -> dict[str, Any]:
    """Return what the card asks its host for, once it does, as the last of all."""
    until(page, f"asked.at(-1).method === {method!r}")
    return page.evaluate("asked.at(-1).params")
