"""How learners are known, and what they have signed in with, in a real browser and each look."""

from playwright.sync_api import expect

from tests.browser.conftest import faults, sign_in
from tests.builders import learner
from tests.builders import sign_in as signed_in
from walkthroughs.models import McpServer


def test_an_owner_reads_what_sign_in_means_and_ends_a_sign_in(browser, site, database):
    with database.transaction() as session:
        server = session.query(McpServer).one()
        who = learner(session, server.organization_id, "lea@acme.example")
        signed_in(session, server, who, "Claude Code (handrail-with-a-long-name-that-has-to-wrap)")
    context, page = sign_in(browser, site)
    told = []
    page.on("console", lambda message: told.append(f"{page.url}: {message.text}"))
    page.goto(f"{site.origin}/o/acme/admin/servers/acme/?tab=settings")
    expect(page.get_by_text("Another choice ends 1 sign-in here")).to_be_visible()
    page.get_by_label("Learners are known by").select_option("E-mail code")
    page.get_by_label("Asks for a sign-in").select_option("When needed")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is saved yet")
    assert "422" in told.pop()  # the browser says so of a form that is shown again
    refused = page.get_by_label("Learners are known by")
    expect(refused).to_have_attribute("aria-invalid", "true")
    expect(refused).to_have_value("oauth")
    expect(page.get_by_text("Set HANDRAIL_SMTP_URL")).to_be_visible()
    told += faults(page)
    page.goto(f"{site.origin}/o/acme/admin/learners/")
    page.get_by_role("link", name="lea@acme.example").click()
    told += faults(page)
    page.get_by_role("link", name="End the sign-in of Claude Code").click()
    told += faults(page)
    page.get_by_role("button", name="End").click()
    expect(page.get_by_role("status")).to_contain_text("End: Claude Code")
    expect(page.get_by_role("heading", name="lea@acme.example")).to_be_visible()
    expect(page.get_by_text("None. A personal link is made")).to_be_visible()
    context.close()

    assert told == []
