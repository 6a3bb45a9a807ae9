"""A server's own page in a browser: who waits for a call, two who arrange, and settings by keys."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from mcp import Client
from playwright.sync_api import expect

from tests.browser.conftest import faults, sign_in
from tests.builders import content, walkthrough
from tests.waiting import until
from walkthroughs.models import McpServer, McpServerWalkthrough
from walkthroughs.publishing import assignments


def test_the_page_that_waits_for_a_call_shows_it_by_itself(browser, site):
    context, page = sign_in(browser, site)
    page.goto(f"{site.origin}/o/acme/admin/servers/acme/?tab=connect")
    expect(page.get_by_text("Waiting for the first call…")).to_be_visible()
    assert faults(page) == []

    async def list_all():
        async with Client(f"{site.origin}/s/acme/mcp") as client:
            await client.call_tool("list_walkthroughs", {})

    with ThreadPoolExecutor() as pool:  # this thread has the browser's loop
        pool.submit(lambda: asyncio.run(list_all())).result()
    expect(page.locator("#last-call")).to_contain_text("listed 1 walkthrough, ")
    expect(page.get_by_text("Waiting for")).to_be_hidden()
    assert faults(page) == []
    context.close()


def test_two_who_arrange_a_list_both_get_their_way_and_the_second_is_told(browser, site, database):
    with database.transaction() as session:
        srv = session.query(McpServer).filter_by(slug="acme").one()
        org, server_id = srv.organization_id, srv.id
        first = session.query(McpServerWalkthrough).one().walkthrough_id
        for name in ("Tea", "Soup"):
            walkthrough(session, org, content(id=name.lower(), title=name), server_id=srv.id)
    context, page = sign_in(browser, site)
    page.goto(f"{site.origin}/o/acme/admin/servers/acme/")
    handle = page.get_by_role("button", name="Move Soup", exact=True)
    expect(handle).to_have_attribute("aria-pressed", "false")
    with database.transaction() as session:
        tea = session.query(McpServerWalkthrough).filter(
            McpServerWalkthrough.walkthrough_id != first
        ).order_by(McpServerWalkthrough.display_order).first().walkthrough_id  # fmt: skip
        assignments.move(session, org, server_id, first, tea)
    handle.focus()
    for key in ("Space", "Home", "Space"):
        page.keyboard.press(key)

    expect(page.locator("#told")).to_contain_text("both changes are in")
    expect(page.locator("#assignments [data-label]")).to_have_text(["Soup", "Tea", "Deploy"])
    expect(page.get_by_role("button", name="Move Soup", exact=True)).to_be_focused()
    # The new rows are arranged as the old ones were.
    for key in ("Space", "End", "Space"):
        page.keyboard.press(key)

    def order():
        with database.transaction() as session:
            rows = session.query(McpServerWalkthrough).order_by(McpServerWalkthrough.display_order)
            return [row.walkthrough.title for row in rows]

    until(lambda: order() == ["Tea", "Deploy", "Soup"])
    assert faults(page) == []
    context.close()


def test_settings_are_changed_and_a_server_is_deleted_with_the_keyboard_alone(
    browser, site, database
):
    context, page = sign_in(browser, site)
    page.goto(f"{site.origin}/o/acme/admin/servers/acme/?tab=settings")
    page.get_by_label("Name").fill("Learn")
    page.get_by_label("Own domain").fill("learn.acme.example")
    page.get_by_label("Pace in seconds").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    expect(page.get_by_role("heading", name="learn.acme.example")).to_be_visible()
    assert faults(page) == []
    page.get_by_label("Slug").fill("www")
    page.get_by_label("Slug").press("Enter")
    expect(page.get_by_label("Slug")).to_have_attribute("aria-invalid", "true")
    assert faults(page) == []
    page.goto(f"{site.origin}/o/acme/admin/servers/acme/?tab=settings")
    page.get_by_role("link", name="Delete…").press("Enter")
    expect(page.get_by_role("heading", name="Delete “Learn”?")).to_be_visible()
    assert faults(page) == []
    page.get_by_label("Type acme to delete it").fill("acme")
    page.keyboard.press("Enter")

    expect(page.get_by_role("status").first).to_contain_text("“Learn” is deleted")
    assert faults(page) == []
    context.close()
