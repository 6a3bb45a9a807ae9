"""Writing on a phone: one view at a time, tools above the keyboard, Back from view to view."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import faults
from tests.browser.static_pages import until
from tests.browser.writing import begin, end, expect_saved, open_step, start_draft, steps, text_of

#: Whether the line that is written stands above the tools.
_IS_ABOVE = """(() => {
  const line = [...document.querySelectorAll(".cm-line")].find((each) => each.textContent === "last");
  const tools = document.querySelector(".editor:focus-within .editor-tools");
  return line && line.getBoundingClientRect().bottom <= tools.getBoundingClientRect().top; })()"""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def view(page, name):
    page.get_by_role("navigation", name="Views").get_by_role("link", name=name).tap()


def panes(page):
    """Return which of the three views are shown."""
    return page.evaluate(
        "['.steps-pane', '.step-pane', '.preview-pane']"
        ".filter(name => document.querySelector(name).checkVisibility())"
    )


def test_a_step_is_chosen_written_previewed_and_left_by_back(browser, site):
    page = begin(browser, site, **PHONE)
    start_draft(page)
    loads = page.evaluate("sessionStorage.loads")
    view(page, "Steps")
    expect(page.get_by_role("link", name="Publish changes")).to_be_visible()
    assert panes(page) == [".steps-pane"]
    steps(page).filter(has_text="Set it up").tap()
    expect(page.get_by_label("Title of the step")).to_have_value("Set it up")
    assert panes(page) == [".step-pane"]
    page.get_by_role("textbox", name="For the learner", exact=True).tap()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("Press the **button**.")
    expect_saved(page)
    view(page, "Result")
    expect(page.locator(".rendered strong")).to_have_text("button")
    assert panes(page) == [".preview-pane"]
    assert "view=preview" in page.url
    page.go_back()
    expect(page.get_by_label("Title of the step")).to_be_visible()
    assert text_of(page) == "Press the **button**."
    page.go_back()
    expect(steps(page).first).to_be_visible()
    page.reload()
    expect(steps(page).first).to_be_visible()
    assert panes(page) == [".steps-pane"]
    assert page.evaluate("Number(sessionStorage.loads)") == int(loads) + 1
    end(page)


def test_the_tools_stand_above_the_keyboard_and_keep_it_open(browser, site):
    page = begin(browser, site, **PHONE)
    start_draft(page)
    tools = page.get_by_role("toolbar").first
    expect(tools).to_be_hidden()
    text = page.get_by_role("textbox", name="For the learner", exact=True)
    text.tap()
    expect(tools).to_be_visible()
    lowest = "Math.round(document.querySelector('.editor-tools').getBoundingClientRect().bottom)"
    until(page, f"{lowest} === 844")
    page.evaluate("document.documentElement.style.setProperty('--keyboard', '300px')")
    until(page, f"{lowest} === 544")
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Bold").tap()
    expect(text).to_be_focused()
    assert re.fullmatch(r"\*\*.+\*\*", text_of(page), re.S)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    end(page)


def test_each_view_is_accessible_and_its_targets_are_large(browser, site):
    page = begin(browser, site, **PHONE)
    start_draft(page, template="Learn by doing")
    told, small = [], []
    for name in ("Steps", "Write", "Result"):
        view(page, name)
        expect(page.get_by_role("link", name=name)).to_have_attribute("aria-current", "true")
        told += faults(page)
        small += page.evaluate(
            """[...document.querySelectorAll('.steps-pane button, .steps-pane a, .views a')]
            .filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 44)
            .map(each => each.outerHTML)"""
        )
    end(page)
    assert (told, small) == ([], [])


def test_between_phone_and_desk_the_preview_takes_the_place_of_the_text(browser, site):
    page = begin(browser, site, viewport={"width": 900, "height": 800})
    start_draft(page)
    assert panes(page) == [".steps-pane", ".step-pane"]
    page.get_by_role("link", name="Result", exact=True).click()
    expect(page.locator(".preview-pane")).to_be_visible()
    assert panes(page) == [".steps-pane", ".preview-pane"]
    open_step(page, "Set it up")
    assert panes(page) == [".steps-pane", ".step-pane"]
    end(page)


def test_the_line_that_is_written_stays_above_the_tools(browser, site):
    page = begin(browser, site, **PHONE)
    start_draft(page)
    page.get_by_role("textbox", name="For the learner", exact=True).tap()
    page.keyboard.press("Control+End")
    for _ in range(30):
        page.keyboard.press("Enter")
    page.keyboard.type("last")
    until(page, _IS_ABOVE)  # the editor scrolls when it is drawn next
    end(page)
