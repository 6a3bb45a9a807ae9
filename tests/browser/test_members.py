"""From an invitation's link to the dashboard, and the pages of owners and of oneself."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE_MS, faults, sign_in

MEMBERS = "/o/acme/admin/members/"


def test_a_person_is_invited_joins_with_the_keyboard_and_is_made_a_viewer(browser, site):
    context, page = sign_in(browser, site)
    told = []
    page.on("console", lambda message: told.append(f"{page.url}: {message.text}"))
    page.goto(f"{site.origin}/admin/")
    page.get_by_role("link", name="Members").click()
    told += faults(page)
    page.get_by_label("E-mail addresses").fill("lea@acme.example, nobody")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_label("E-mail addresses")).to_have_value("lea@acme.example, nobody")
    expect(page.get_by_label("E-mail addresses")).to_be_focused()
    told += faults(page)
    page.get_by_label("E-mail addresses").fill("lea@acme.example")
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("lea@acme.example").input_value()
    told += faults(page)

    visitor = browser.new_context()
    visitor.set_default_timeout(PATIENCE_MS)
    joining = visitor.new_page()
    joining.on("console", lambda message: told.append(f"{joining.url}: {message.text}"))
    joining.goto(link.replace("http://localhost:8000", site.origin))
    expect(joining.get_by_role("heading", name="Join Acme")).to_be_visible()
    told += faults(joining)
    joining.get_by_label("Choose a password").focus()
    joining.keyboard.type("a long password")
    joining.keyboard.press("Tab")
    joining.keyboard.type("a long password")
    joining.keyboard.press("Enter")
    joining.get_by_role("heading", name="Walkthroughs").wait_for()
    expect(joining.get_by_role("link", name="Members")).to_have_count(0)

    page.get_by_role("link", name="Done").click()
    row = page.get_by_role("listitem").filter(has_text="lea@acme.example")
    expect(row.get_by_role("button", name="Save")).to_be_hidden()
    row.get_by_label("Role of lea@acme.example").select_option("viewer")
    row.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("lea@acme.example is viewer now.")
    told += faults(page)
    row.get_by_role("link", name="Remove").click()
    told += faults(page)
    page.get_by_role("button", name="Remove lea@acme.example").click()
    expect(page.get_by_role("status")).to_contain_text("is no member any more")
    joining.reload()
    expect(joining.get_by_role("heading", name="Sign in to Handrail")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})  # the last look was a phone's
    page.get_by_role("link", name="Audit").click()
    page.get_by_text("changed the role of the member").click()
    expect(page.locator("ins", has_text="viewer")).to_be_visible()
    told += faults(page)
    for each in (context, visitor):
        each.close()

    assert told == []


def test_ones_own_page_and_what_a_visitor_sees_are_accessible(browser, site):
    context, page = sign_in(browser, site)
    page.goto(f"{site.origin}/admin/")
    page.get_by_role("link", name="Your account").click()
    told = faults(page)
    page.emulate_media(color_scheme="light")
    page.get_by_label("Dark").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    for path in ("/admin/account/", "/o/acme/admin/members/"):
        page.goto(site.origin + path)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert colour == "rgb(18, 22, 28)", path
    context.clear_cookies()
    page.goto(f"{site.origin}/admin/login")
    password = page.locator("#password")
    password.fill("what I typed")
    page.get_by_role("button", name="Show").press("Enter")
    expect(password).to_have_attribute("type", "text")
    told += faults(page)
    page.get_by_label("Email").fill("somebody@acme.example")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Email")).to_have_value("somebody@acme.example")
    page.get_by_role("link", name="Lost password").click()
    told += faults(page)
    page.goto(f"{site.origin}/admin/invitations/none")
    told += faults(page)
    context.close()

    assert told == []
