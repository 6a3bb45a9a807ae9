"""A repository is added from its address to live content, by the keyboard alone."""

from __future__ import annotations

import hashlib
import hmac

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DashboardSite, faults, sign_in, site
from tests.git_hosts import PASSWORD
from tests.new_source import Hosted, host, hosted, settings
from tests.waiting import until
from walkthroughs.models import ContentSource, Walkthrough

__all__ = ["host", "hosted", "settings", "site"]


def test_a_private_repository_comes_in_by_the_keyboard_alone(
    browser: Browser, site: DashboardSite, hosted: Hosted, database
):
    context, page = sign_in(browser, site)
    page.goto(f"{site.origin}/o/acme/admin/git/")
    go(page, "Add a repository")
    expect(page.get_by_label("Address of the repository")).to_be_focused()
    page.keyboard.type("https://127.0.0.1:1/guides.git")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    told = faults(page)
    expect(page.get_by_label("Address of the repository")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type(hosted.url)
    page.keyboard.press("Enter")
    expect(page.get_by_text("it is private, or there is no such repository")).to_be_visible()
    told += faults(page)
    to(page, "Token")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Branch")).to_be_focused()
    expect(page.get_by_label("Branch")).to_have_value("main")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is a source “guides” already")
    told += faults(page)
    to(page, "Name")
    page.keyboard.type("recipes")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 walkthrough would come in")).to_be_visible()
    told += faults(page)
    expect(page.get_by_role("button", name="Add this source")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("“recipes” is added")
    with database.transaction() as session:
        source_id = session.query(ContentSource).filter_by(url=hosted.url).one().id
    to(page, "Make a secret")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Waiting for the first delivery")).to_be_visible()
    told += faults(page)
    call(site, source_id, page.locator("#secret").inner_text())
    expect(page.get_by_text("The first delivery has come")).to_be_visible()
    until(lambda: is_live(database))
    go(page, "Done")
    expect(page.get_by_text("In step with")).to_be_visible()
    go(page, "Settings")
    told += faults(page)
    to(page, "Hold…")
    page.keyboard.press("Enter")
    told += faults(page)
    to(page, "Why? Others see it here.")
    page.keyboard.type("Exams until Friday")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Exams until Friday")).to_be_visible()
    context.close()

    assert told == []


def is_live(database) -> bool:
    with database.transaction() as session:
        row = session.query(Walkthrough).filter_by(external_id="guide").one_or_none()
        return row is not None and row.is_published


def to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus."""
    named = "[document.activeElement.ariaLabel, document.activeElement.innerText, " \
        "...[...(document.activeElement.labels ?? [])].map((each) => each.innerText)]"  # fmt: skip
    page.wait_for_load_state()
    for _ in range(60):
        page.keyboard.press("Tab")
        if name in [each.strip() for each in page.evaluate(named) if each]:
            return
    raise AssertionError(f"no way to {name} by the keyboard")


def go(page: Page, name: str) -> None:
    """Follow the link that is called so."""
    to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def call(site: DashboardSite, source_id: str, secret: str) -> None:
    """Do what a host does when a webhook is made."""
    body = b'{"zen": "Keep it logically awesome."}'
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature}
    address = f"{site.origin}/webhooks/git/{source_id}"
    assert httpx.post(address, content=body, headers=headers).status_code == 200
