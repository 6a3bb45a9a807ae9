"""The list of walkthroughs by mouse and keys, and files that are dropped on New."""

import base64
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import expect_page, faults
from tests.browser.writing import begin, end, start_draft, text_of, write
from tests.builders import content, walkthrough
from tests.uploads import TEA, zipped
from walkthroughs.models import Organization, Walkthrough

_DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  document.querySelector("[data-drop]").dispatchEvent(
    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def page(browser, site, database):
    """The list, with three walkthroughs of the dashboard and one of Git."""
    with database.transaction() as session:
        org = session.query(Organization).filter_by(slug="acme").one().id
        for name in ("Boil", "Brew"):
            walkthrough(session, org, content(id=name.lower(), title=name))
    page = begin(browser, site)
    page.goto(f"{site.origin}/o/acme/admin/walkthroughs/?sort=title")
    yield page
    end(page)


def card(page, title):
    return page.locator("[data-card]").filter(has=page.get_by_role("heading", name=title))


def test_cards_are_reached_selected_and_archived_by_keys_and_come_back_by_undo(page):
    titles = page.locator("[data-card] h2 a")
    expect(titles).to_have_text(["Boil", "Brew", "Deploy", "Make coffee"])
    page.keyboard.press("ArrowDown")
    expect(titles.nth(0)).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(titles.nth(1)).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("End")
    card(page, "Make coffee").get_by_role("checkbox").check()
    many = page.get_by_role("group", name="The selected walkthroughs")
    expect(many.get_by_role("status")).to_have_text("3 selected")
    told = faults(page)
    page.evaluate("window.isSamePage = true")
    many.get_by_role("button", name="Archive").press("Enter")

    toast = page.locator(".toast")
    expect(toast).to_contain_text("Archived: 2 walkthroughs.")
    expect(page.get_by_role("alert")).to_contain_text("“Make coffee” (managed by Git")
    expect(titles).to_have_text(["Deploy", "Make coffee"])
    expect(titles.nth(1)).to_be_focused()  # it is one of those that were chosen
    expect(page.get_by_role("link", name="Archived 2")).to_be_visible()
    told += faults(page)
    page.keyboard.press("Control+z")
    expect(toast).to_contain_text("Restored: 2 walkthroughs.")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(titles).to_have_text(["Boil", "Brew", "Deploy", "Make coffee"])
    expect(page.locator("[data-selected]")).to_have_text("0 selected")
    card(page, "Make coffee").get_by_role("checkbox").check()
    many.get_by_role("button", name="Archive").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was changed: “Make coffee”")
    expect(many.get_by_role("status")).to_have_text("1 selected")
    card(page, "Make coffee").get_by_role("checkbox").uncheck()
    titles.nth(0).focus()
    page.keyboard.press("x")
    page.context.set_offline(True)
    many.get_by_role("button", name="Hide").press("Enter")
    expect(toast).to_contain_text("The server could not be reached.")
    page.context.set_offline(False)
    assert page.told.pop().endswith("ERR_INTERNET_DISCONNECTED")
    many.get_by_role("button", name="Hide").press("Enter")
    expect(toast).to_contain_text("Hidden: “Boil”.")
    expect(titles.nth(0)).to_be_focused()
    expect(card(page, "Boil")).to_contain_text("Hidden")
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("Shown to learners: “Boil”.")
    assert page.evaluate("window.isSamePage")
    page.keyboard.press("n")
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    told += faults(page)
    assert told == []


def test_an_id_is_made_of_the_title_and_chosen_and_checked_by_keys(page, database):
    page.keyboard.press("n")
    expect_page(page, "New walkthrough")
    title, own = page.get_by_label("Title", exact=True), page.get_by_label("Id", exact=True)
    title.press_sequentially("Brew a pot")
    shown = page.locator("#own-id-shown")
    expect(shown).to_have_text("brew-a-pot")
    title.fill("Brew")
    expect(page.get_by_text("There is one with this title: Brew.")).to_be_visible()
    expect(shown).to_have_text("brew-2")
    told = faults(page)
    page.locator("summary", has_text="More").press("Enter")
    expect(own).to_have_value("brew-2")
    page.keyboard.press("Tab")
    expect(own).to_be_focused()
    page.keyboard.type("boil")  # the browser selects what a field holds that Tab comes to
    expect(page.locator("#own-id-told")).to_have_text("“Boil” has this id. Choose another.")
    expect(own).to_have_attribute("aria-invalid", "true")
    told += faults(page)
    own.press_sequentially("ing")
    expect(page.locator("#own-id-told")).to_have_text("This id is free.")
    expect(own).to_have_attribute("aria-invalid", "false")
    title.fill("Boiling water")
    expect(page.locator("#suggested")).to_have_value("boiling-water")
    expect(own).to_have_value("boiling")  # it was chosen
    title.press("Enter")
    expect_page(page, "Boiling water")
    with database.transaction() as session:
        assert session.query(Walkthrough).filter_by(external_id="boiling").count() == 1
    assert told == []


def test_the_menu_of_a_card_opens_and_closes_by_keys_and_does_what_it_says(page):
    menu = card(page, "Boil").locator("summary")
    menu.focus()
    page.keyboard.press("Enter")
    told = faults(page)
    page.keyboard.press("Escape")
    expect(card(page, "Boil").get_by_role("link", name="Preview")).to_be_hidden()
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(card(page, "Boil").get_by_role("link", name="Preview")).to_be_focused()
    with page.expect_download() as saved:
        card(page, "Boil").get_by_role("link", name="Export").click()
    assert saved.value.suggested_filename == "acme-walkthroughs.zip"
    card(page, "Boil").get_by_role("button", name="Put on Acme").click()
    expect(page.get_by_text("Put on Acme: “Boil”.")).to_be_visible()
    card(page, "Boil").locator("summary").click()
    card(page, "Boil").get_by_role("button", name="Duplicate").click()
    expect(page.get_by_text("This is the copy, a draft of its own.")).to_be_visible()
    assert told == []


def test_a_zip_is_dropped_and_a_folder_chosen_and_both_become_drafts(page, site, tmp_path):
    new = f"{site.origin}/o/acme/admin/walkthroughs/new/"
    page.goto(new)
    page.evaluate(_DROP, ["tea.zip", base64.b64encode(zipped(TEA)).decode()])
    expect(page.get_by_role("heading", name="Import")).to_be_visible()
    expect(page.get_by_label("Make tea")).to_be_checked()
    told = faults(page)
    page.get_by_role("button", name="Import as draft").click()
    expect(page.get_by_text("Imported as a draft.")).to_be_visible()

    for path, data in TEA.items():
        (tmp_path / "guides" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "guides" / path).write_bytes(data)
    (tmp_path / "guides/walkthroughs/tea/steps/brew.md").write_text("# No id\n\nText.\n")
    page.goto(new)
    page.get_by_label("Folder").set_input_files(tmp_path / "guides")
    page.locator("[data-files]").nth(1).get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("1 mistake", exact=True)).to_be_visible()
    expect(page.get_by_text("This one is free.")).to_be_visible()
    told += faults(page)
    page.get_by_label("Import as draft: Make tea").check()
    page.get_by_role("button", name="Import as draft").click()
    expect(page).to_have_url(re.compile("/wt_"))
    assert told == []


def test_the_editors_menu_copies_what_was_just_typed_and_archives(page):
    start_draft(page, "Roast")
    write(page, "Shake the pan.")
    page.locator("summary", has_text="More for Roast").click()
    told = faults(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Duplicate").click()
    expect(page.get_by_text("This is the copy")).to_be_visible()
    copied = text_of(page)
    page.locator("summary", has_text="More for").press("Enter")
    page.get_by_role("button", name="Archive").press("Enter")

    expect(page.get_by_text("Archived: “Copy of Roast”")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Restored")).to_be_visible()
    assert (copied, told) == ("Shake the pan.", [])
