"""What goes wrong while somebody writes: another editor, a crash, an ended session, Git, no scripts."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import faults
from tests.browser.writing import (
    ask,
    begin,
    begin_at_sign_in,
    end,
    expect_saved,
    listed,
    open_step,
    start_draft,
    steps,
    text_of,
    write,
)
from tests.waiting import until
from walkthroughs.identity.links import create_link
from walkthroughs.models import EditorPresence, KeptCopy


@pytest.fixture
def others(site):
    """The site, for another editor of the organization."""
    return replace(site, email="ann@acme.example")


def test_two_editors_of_different_steps_both_keep_what_they_wrote_and_see_one_another(
    browser, site, others, database
):
    page = begin(browser, site)
    start_draft(page)
    other = begin(browser, others)
    other.goto(page.url)
    open_step(other, "See that it works")
    write(other, "By Ann.")
    expect_saved(other)
    open_step(page, "Set it up")
    expect(page.locator("#presence")).to_have_text("ann@acme.example is editing step 3.")
    write(page, "By the owner.")
    expect_saved(page)
    open_step(page, "See that it works")
    assert text_of(page) == "By Ann."
    with other.expect_response(re.compile("/presence/")):
        open_step(other, "Set it up")
    assert text_of(other) == "By the owner."
    other.goto(f"{site.origin}/o/acme/admin/servers/")
    with database.transaction() as session:
        until(lambda: session.query(EditorPresence).count() == 1)
    end(other)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as one who comes back
    expect(page.locator("#presence")).to_have_text("")
    expect(page.locator(".mark-here")).to_have_count(0)
    end(page)


def test_two_editors_of_one_text_are_shown_both_and_nothing_is_lost(
    browser, site, others, database
):
    page = begin(browser, site)
    start_draft(page)
    other = begin(browser, others)
    other.goto(page.url)
    write(other, "By Ann.")
    expect_saved(other)
    write(page, "By the owner.")
    dialog = page.get_by_role("dialog", name="ann@acme.example changed the same text")
    expect(dialog).to_contain_text("By the owner.")
    expect(dialog).to_contain_text("By Ann.")
    assert faults(page) == []
    dialog.get_by_role("button", name="Edit merged").click()
    dialog.get_by_label("Merged text").fill("By both.")
    dialog.get_by_role("button", name="Save merged text").click()
    expect_saved(page)
    other.reload()
    assert text_of(other) == "By both."
    with database.transaction() as session:
        assert [copy.content for copy in session.query(KeptCopy)] == [{"text": "By Ann."}]
    page.told = [each for each in page.told if "409" not in each]
    end(other)
    end(page)


def test_text_of_a_page_that_died_is_offered_and_restored(browser, site):
    page = begin(browser, site)
    start_draft(page)
    page.route("**/draft", lambda route: route.abort())
    write(page, "Typed before the crash.")
    status = page.locator("[data-save-status]")
    expect(status).to_have_text("Not saved: offline, kept in this browser")
    address = page.url
    page.close()
    again = page.context.new_page()
    again.goto(address)
    bar = again.get_by_role("region", name="Unsaved text")
    expect(bar).to_be_visible()
    assert text_of(again) == "Say what is needed: accounts, programs, rights."
    assert faults(again) == []
    bar.get_by_role("button", name="Compare").click()
    assert faults(again) == []
    again.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(again.locator(".cm-content").first).to_have_text("Typed before the crash.")
    expect_saved(again)
    again.reload()
    assert text_of(again) == "Typed before the crash."
    page.context.close()


def test_a_session_that_ends_is_begun_again_inside_the_page_and_the_text_is_saved(browser, site):
    page = begin(browser, site)
    start_draft(page)
    page.context.clear_cookies()
    write(page, "Typed after the end.")
    dialog = page.get_by_role("dialog", name="Sign in to go on saving")
    expect(dialog).to_be_visible()
    assert faults(page) == []
    dialog.get_by_label("E-mail").fill(site.email)
    dialog.get_by_label("Password").fill("wrong")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("That did not work.")
    dialog.get_by_label("Password").fill(site.password)
    dialog.get_by_role("button", name="Sign in").click()
    expect_saved(page)
    page.context.clear_cookies()
    page.set_viewport_size({"width": 1440, "height": 900})  # `faults` has left it narrow
    page.locator(".steps-pane").get_by_role("link", name="Set it up").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("E-mail").fill(site.email)
    dialog.get_by_label("Password").fill(site.password)
    dialog.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Title of the step")).to_have_value("Set it up")
    page.reload()
    open_step(page, "Prepare")
    assert text_of(page) == "Typed after the end."
    page.told = [each for each in page.told if "401" not in each]
    end(page)


def test_what_git_manages_can_be_read_and_copied_with_the_link_to_its_file(browser, site):
    page = begin(browser, site)
    page.get_by_role("link", name="Make coffee").click()
    text = page.get_by_role("textbox", name="For the learner", exact=True)
    expect(text).to_have_text("Do one.")
    text.focus()
    page.keyboard.type("x")
    expect(text).to_have_text("Do one.")
    file = page.get_by_role("link", name="walkthrough.yml").get_attribute("href")
    assert file.startswith("https://github.com/acme/guides/")
    expect(page.get_by_label("Title of the step")).not_to_be_editable()
    for name in ("Add a step", "Delete this step", "Move"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    assert faults(page) == []
    end(page)


def test_without_scripts_the_same_is_written_arranged_and_published(browser, site, database):
    with database.transaction() as session:
        token = create_link(session, "acme", "lea@x.example")
    page = begin_at_sign_in(browser, site, java_script_enabled=False)
    page.get_by_role("link", name="New walkthrough").click()
    page.get_by_label("Title").fill("Make tea")
    page.get_by_label("Set up and verify").check()
    page.get_by_role("button", name="Create draft").click()
    page.get_by_label("For the learner").fill("Boil it.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("For the learner")).to_have_value("Boil it.")
    page.get_by_role("button", name="Move “Set it up” up").click()
    page.get_by_role("button", name="Add a step").click()
    page.get_by_label("Title of the step").fill("Drink")
    page.get_by_label("For the learner").fill("Drink it.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Publish changes").click()
    page.get_by_label("Acme").check()
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_text("Version 1 is live.")).to_be_visible()
    expect(steps(page)).to_have_text(["Set it up", "Prepare", "Drink", "See that it works"])
    end(page)

    assert ask(f"{site.origin}/s/acme/mcp/u/{token}", listed) == ["Deploy", "Make tea"]
