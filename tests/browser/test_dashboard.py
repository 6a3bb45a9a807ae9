"""The dashboard as a person uses it, and the learner's side of what they did."""

from playwright.sync_api import expect

from tests.browser.conftest import expect_page, faults, sign_in
from walkthroughs.models import ContentSource, Walkthrough

#: What `test_every_page` meets with rows: tables and a server that nobody has used yet.
_UNUSED = (
    "tables/personal_links/", "tables/mcp_servers/?search=nothing",
    "servers/acme/", "servers/acme/?tab=connect",
)  # fmt: skip


def test_pages_that_nobody_has_used_yet_are_accessible_and_fit_in_each_look(browser, site):
    context, page = sign_in(browser, site)
    told = []
    page.on("console", lambda message: told.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: told.append(f"{page.url}: {error}"))
    for path in _UNUSED:
        answer = page.goto(f"{site.origin}/o/acme/admin/{path}")
        assert answer.status == 200, path
        told += faults(page)
    context.close()

    assert told == []


def test_on_a_phone_the_pages_are_in_a_menu_that_the_keyboard_opens_and_closes(browser, site):
    context, page = sign_in(browser, site, viewport={"width": 390, "height": 800})
    page.goto(f"{site.origin}/admin/")
    servers = page.get_by_role("link", name="Servers")
    expect(servers).to_be_hidden()
    page.get_by_role("button", name="Menu").press("Enter")
    expect(servers).to_be_visible()
    page.keyboard.press("Escape")
    expect(servers).to_be_hidden()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()
    page.keyboard.press("Enter")
    servers.press("Enter")
    page.get_by_role("heading", name="Servers").wait_for()
    context.close()


def test_a_form_for_what_git_has_come_to_own_is_refused_with_the_way_to_the_file(
    browser, site, database
):
    context, page = sign_in(browser, site)
    page.goto(f"{site.origin}/o/acme/admin/tables/walkthroughs/")
    page.get_by_role("link", name="Deploy").click()
    page.get_by_role("link", name="Change", exact=True).click()
    page.get_by_label("Title").fill("Mine")
    with database.transaction() as session:
        guides = session.query(ContentSource).one()
        row = session.query(Walkthrough).filter_by(title="Deploy").one()
        row.source_id, row.folder = guides.id, "deploy-your-first-application-to-our-cloud"
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading")).to_have_text("This cannot be changed here")
    there = page.get_by_role("link", name="walkthrough.yml").get_attribute("href")
    assert there.startswith("https://github.com/acme/guides/edit/main/walkthroughs/deploy-your-")
    assert faults(page) == []
    context.close()


def test_a_step_is_written_with_the_keyboard_alone(browser, site):
    context, page = sign_in(browser, site)
    page.goto(f"{site.origin}/o/acme/admin/tables/walkthroughs/")
    page.get_by_role("link", name="Deploy").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Add a step").focus()
    page.keyboard.press("Enter")
    expect_page(page, "New step")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash")
    for _ in range(8):  # the trail of pages, the title, ...
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "title":
            break
    expect(page.get_by_label("Title")).to_be_focused()
    page.keyboard.type("Four")
    for label in ("Section", "For the learner"):
        page.keyboard.press("Tab")
        expect(page.get_by_label(label)).to_be_focused()
    page.keyboard.type("Last one.")
    page.get_by_label("Place").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.locator(".steps a:not(.button)").last).to_have_text("Four")
    context.close()


def test_what_was_typed_is_kept_when_something_is_missing(browser, site):
    context, page = sign_in(browser, site)
    page.goto(f"{site.origin}/o/acme/admin/tables/walkthrough_steps/new/")
    page.get_by_label("Title").fill("Only a title")
    page.get_by_label("For the learner").fill(" ")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("Nothing is saved yet")
    expect(page.get_by_label("For the learner")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Title")).to_have_value("Only a title")
    context.close()
