"""Long lists of steps, and pictures that are stored already."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import faults
from tests.browser.static_pages import until
from tests.browser.writing import (
    begin,
    end,
    expect_editor,
    expect_saved,
    start_draft,
    steps,
    text_of,
)
from tests.builders import content, step, walkthrough
from tests.pictures import stored_picture
from walkthroughs.models import McpServer
from walkthroughs.publishing.pictures import store_pictures

FOX = stored_picture()


@pytest.fixture
def long(site, database):
    """Return the address of the editor of 500 steps in ten sections."""
    with database.transaction() as session:
        org = session.query(McpServer).one().organization_id
        many = [
            step(f"s{number}", title=f"Step {number}", section=f"Part {number // 50}")
            for number in range(500)
        ]
        row = walkthrough(session, org, content(title="Long", steps=many))
    return f"{site.origin}/o/acme/admin/walkthroughs/{row}/"


def test_five_hundred_steps_are_filtered_and_folded(browser, site, long):
    page = begin(browser, site)
    page.goto(long)
    expect_editor(page)
    page.get_by_label("Filter the steps").fill("step 49")
    expect(page.get_by_text("11 of 500 steps")).to_be_visible()
    expect(steps(page).locator("visible=true")).to_have_count(11)
    page.get_by_role("link", name="Step 499", exact=True).click()
    expect(page.get_by_label("Title of the step")).to_have_value("Step 499")
    expect(steps(page).locator("visible=true")).to_have_count(11)
    page.get_by_label("Filter the steps").press("Escape")
    expect(steps(page).locator("visible=true")).to_have_count(500)
    fold = page.get_by_role("button", name="Section Part 0", exact=True)
    fold.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(steps(page).locator("visible=true")).to_have_count(450)
    page.reload()
    expect(fold).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="Move Step 60", exact=True).press("Space")
    expect(steps(page).locator("visible=true")).to_have_count(500)
    page.keyboard.press("Escape")
    end(page)


def test_a_stored_picture_is_put_where_the_cursor_is(browser, site, database):
    page = begin(browser, site)
    start_draft(page)
    row = page.url.split("/walkthroughs/")[1].split("/")[0]
    with database.transaction() as session:
        org = session.query(McpServer).one().organization_id
        store_pictures(session, org, row, [FOX])
    text = page.get_by_role("textbox", name="For the learner", exact=True)
    text.focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("Look: ")
    page.get_by_role("link", name="Pictures of this walkthrough").press("Enter")
    dialog = page.get_by_role("dialog", name="Pictures of this walkthrough")
    dialog.get_by_role("button", name="No text says what it shows").wait_for()
    assert faults(page) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    dialog.get_by_role("button", name="No text says what it shows").press("Enter")
    expect(text).to_be_focused()
    page.keyboard.type("A fox")
    assert text_of(page) == f"Look: ![A fox](i/{FOX.name})"
    expect_saved(page)
    picture = page.locator(".rendered img")
    until(page, "document.querySelector('.rendered img')?.naturalWidth === 16")
    page.get_by_role("link", name="Without pictures").click()
    expect(page.locator(".picture-words")).to_have_text("A fox")
    expect(picture).to_have_count(0)
    page.go_back()
    expect(picture).to_have_count(1)
    end(page)
