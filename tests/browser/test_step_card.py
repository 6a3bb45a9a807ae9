"""What the step card makes of the results that a host hands over, and of hostile texts in them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.card_host import STEP_TEXT, answer, as_sent, open_card, result_of, show_theme
from tests.browser.conftest import _AXE, _RUN_AXE
from tests.browser.static_pages import until
from tests.unit.test_xss import PAYLOADS, scheme
from walkthroughs.content import html_rules
from walkthroughs.mcp_server.results import error_result

#: What stands in the card of an author's texts.
_FOUND = """() => {
  const parts = [...document.querySelectorAll("#title *, #text *, #what *")];
  return {
    elements: parts.map((each) => each.localName),
    attributes: parts.flatMap((each) => each.getAttributeNames()),
    addresses: parts.flatMap((each) => [each.getAttribute("href"), each.getAttribute("src")]).filter(Boolean),
  };
}"""


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
    page.evaluate("hand", result_of(STEP_TEXT, verify="Long".ljust(300, "x"), section="Begin"))
    page.set_viewport_size({"width": 320, "height": 800})
    for theme in ("light", "dark"):
        show_theme(page, theme)
        assert card.evaluate(_RUN_AXE)["violations"] == []
        assert card.evaluate("document.documentElement.scrollWidth <= innerWidth")
    height = card.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
    until(page, f"heard.at(-1).params?.height === {height}")


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
    expect(card.locator("#notice")).to_contain_text("so soon. Press the button again")
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
        expect(done).to_be_focused()

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
    expect(card.locator("#notice")).to_contain_text("So soon.")

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
