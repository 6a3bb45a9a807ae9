"""Learners, a link for one person, and a source that waits: by mouse and keys, without a fault."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect
from sqlalchemy import select

from sync.queue import claim
from sync.sync_source import sync_source
from tests.authors import Author
from tests.browser.conftest import DashboardSite, faults, sign_in
from tests.events import move_all
from tests.waiting import until
from walkthroughs.events.waiting import count_waiting
from walkthroughs.ids import now_ms
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import ContentSource, McpServer, McpServerUser, Walkthrough


def test_a_link_is_made_its_learner_is_found_moved_and_erased(
    browser: Browser, site: DashboardSite, database
):
    context, page = sign_in(browser, site)
    page.goto(f"{site.origin}/o/acme/admin/servers/acme/?tab=connect")
    page.get_by_label("Their e-mail address").fill("lea@x.example")
    page.get_by_label("Their e-mail address").press("Enter")
    # The part that waits for a call has a status, too.
    told_once = page.get_by_role("status").filter(has_text="not shown again")
    expect(told_once).to_be_visible()
    expect(page.get_by_text("you can follow the walkthroughs of Acme")).to_be_visible()
    told = faults(page)
    with database.transaction() as session:
        srv = session.scalars(select(McpServer)).one()
        who = session.scalars(select(McpServerUser)).one()
        row = session.scalars(select(Walkthrough).where(Walkthrough.title == "Deploy")).one()
        caller = Caller(srv.organization_id, srv.id, who.id)
    page.goto(f"{site.origin}/o/acme/admin/analytics/")
    expect(page.get_by_text("Numbers appear with the first call")).to_be_visible()
    told += faults(page)
    progress.select(database, ContentCache(), caller, row.id, resume=True)
    # Moved by the server or here, whoever comes first.
    until(lambda: move_all(database) == 0 and count_waiting(database)[0] == 0)
    page.reload()
    page.get_by_text("The same as a table").click()
    told += faults(page)
    page.get_by_role("link", name="Deploy").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Steps")).to_be_visible()
    page.wait_for_load_state()  # a choice that comes before the scripts changes nothing
    page.get_by_label("Period").select_option("7 days")
    expect(page).to_have_url(re.compile(r"\?days=7"))
    expect(page.locator("#numbers").get_by_text("lea@x.example")).to_be_visible()
    told += faults(page)

    page.goto(f"{site.origin}/o/acme/admin/learners/")
    told += faults(page)
    page.get_by_label("Search learners").fill("nobody")
    expect(page.get_by_text("No learner fits “nobody”.")).to_be_visible()
    expect(page).to_have_url(
        f"{site.origin}/o/acme/admin/learners/?q=nobody&walkthrough=&status=&since="
    )
    told += faults(page)
    page.get_by_label("Search learners").fill("lea")
    page.get_by_role("link", name="lea@x.example").click()
    expect(page.get_by_text("0 of 3 done; now at step 1, “One”.")).to_be_visible()
    page.get_by_text("Steps, move, reset").click()
    page.get_by_text("Erase this learner").click()
    told += faults(page)
    page.get_by_label("Move to step").select_option("3. Three")
    page.get_by_role("button", name="Move in Deploy").click()
    expect(page.get_by_role("status")).to_contain_text("They continue at step 3, “Three”.")
    page.get_by_text("Erase this learner").click()
    page.get_by_label("Type lea@x.example").fill("lea@x.example")
    page.get_by_role("button", name="Erase").click()
    expect(page.get_by_text("Nobody has begun yet")).to_be_visible()
    told += faults(page)
    context.close()

    assert told == []


def test_a_held_source_shows_its_words_and_goes_back_in_two_clicks(
    browser: Browser, site: DashboardSite, database, settings, tmp_path
):
    author = Author(tmp_path / "recipes")
    with database.transaction() as session:
        owner = session.scalars(select(ContentSource.organization_id)).one()
        row = ContentSource(organization_id=owner, name="recipes", url=str(author.folder))
        session.add(row)
        session.flush()
        source_id = row.id
    for word in ("first", "second"):
        author.write(("start", "", f"The {word} words."), name="guide")
        author.commit()
        sync_source(database, settings, source_id)
    with database.transaction() as session:
        session.get_one(ContentSource, source_id).held_at = now_ms()
    author.write(("start", "", "The third words."), name="guide")
    author.commit()
    sync_source(database, settings, source_id)
    context, page = sign_in(browser, site)
    page.goto(f"{site.origin}/admin/")
    page.get_by_role("link", name="Git", exact=True).click()
    told = faults(page)
    with claim(database, source_id, wait=True):  # as a run does: the page asks again by itself
        page.get_by_role("link", name="recipes").click()
        expect(page.get_by_text("A run is under way")).to_be_visible()
    expect(page.locator("ins", has_text="third")).to_be_visible()
    told += faults(page)
    for tab in ("Problems", "Settings", "Runs"):
        page.get_by_role("link", name=tab).click()
        told += faults(page)
    with claim(database, source_id, wait=True):
        page.get_by_role("link", name="Go back to this").first.click()
        expect(page.get_by_text("A run is under way")).to_be_visible()
    expect(page.locator("ins", has_text="first")).to_be_visible()
    told += faults(page)
    page.get_by_role("button", name="Go back: 1 change, and hold").click()
    expect(page.get_by_role("status").first).to_contain_text("Going back to")
    context.close()

    assert told == []
