"""The story of a writer: from the first sign-in to what an assistant is really told."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import clipboards
from tests.browser.conftest import expect_page, faults
from tests.browser.static_pages import until
from tests.browser.test_pasting import PASTE
from tests.browser.writing import (
    ask,
    begin,
    begin_at_sign_in,
    end,
    expect_editor,
    expect_saved,
    listed,
    next_step,
    open_step,
    publish,
    select,
    start_draft,
    steps,
    text_of,
    write,
)
from tests.builders import server
from walkthroughs.identity.links import create_link
from walkthroughs.models import McpServer

TITLES = ["Prepare", "Set it up", "See that it works"]


@pytest.fixture
def links(site, database):
    """Return the addresses of one learner on two servers, acme and academy."""
    with database.transaction() as session:
        org = session.query(McpServer).one().organization_id
        server(session, org, "academy")
        tokens = {slug: create_link(session, slug, "lea@x.example") for slug in ("acme", "academy")}
    return {slug: f"{site.origin}/s/{slug}/mcp/u/{token}" for slug, token in tokens.items()}


async def walk(client, title):
    """Return title and text of each step, as an assistant that takes them all is told."""
    view, taken = await select(client, title), []
    while view["step"]:
        taken.append((view["step"]["title"], view["step"]["content"]))
        view = await next_step(client, view)
    return taken


def drag(page, title, onto):
    """Drag a row of the list by its handle onto another row, by mouse."""
    handle = page.get_by_role("button", name=f"Move {title}", exact=True)
    expect(handle).to_have_attribute("aria-pressed", "false")  # its script is there
    handle.hover()
    target = page.get_by_role("button", name=f"Move {onto}", exact=True).bounding_box()
    page.mouse.down()
    x, y = target["x"] + target["width"] / 2, target["y"] + target["height"] / 2
    page.mouse.move(x, y + 2, steps=8)
    page.mouse.move(x, y, steps=3)
    page.mouse.up()


def test_three_steps_are_served_after_at_most_14_clicks_and_5_pages(browser, site, links):
    page = begin_at_sign_in(browser, site)
    page.get_by_role("link", name="New walkthrough").click()
    page.get_by_label("Title").fill("Make tea")
    page.get_by_label("Set up and verify").click()
    page.get_by_role("button", name="Create draft").click()
    expect_editor(page)  # a person is not quicker than the scripts
    for title in TITLES:
        steps(page).filter(has_text=title).click()
        expect(page.get_by_label("Title of the step")).to_have_value(title)
        page.get_by_role("textbox", name="For the learner", exact=True).click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(f"{title} now.")
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Acme").click()
    dialog.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_text("Version 1 is live.")).to_be_visible()
    counted = page.evaluate("[sessionStorage.clicks, sessionStorage.loads].map(Number)")
    end(page)

    assert ask(links["acme"], lambda client: walk(client, "Make tea")) == [
        (title, f"{title} now.") for title in TITLES
    ]
    clicks, loads = counted
    assert clicks <= 14
    assert loads <= 5


def test_what_is_pasted_arranged_and_published_is_what_assistants_on_two_servers_get(
    browser, site, links
):
    page = begin(browser, site)
    start_draft(page)
    write(page, " ")
    page.evaluate(PASTE, [{"text/html": clipboards.DOCS}, []])
    expect(page.locator(".cm-content").first).to_contain_text("## Create the service")
    pasted = text_of(page)
    assert "Press **Save**, then *wait* for `ready`" in pasted
    drag(page, "See that it works", "Prepare")
    expect(steps(page)).to_have_text(["See that it works", "Prepare", "Set it up"])
    page.get_by_role("button", name="Move Set it up", exact=True).focus()
    for key in ("Space", "ArrowUp", "Space"):
        page.keyboard.press(key)
    arranged = ["See that it works", "Set it up", "Prepare"]
    expect(steps(page)).to_have_text(arranged)
    expect(page.locator(".steps-pane [data-number]")).to_have_text(["1", "2", "3"])
    publish(page, "Acme", "Academy")
    expect(steps(page)).to_have_text(arranged)

    page.get_by_role("link", name="Servers").click()
    page.get_by_role("link", name="Acme", exact=True).click()
    assert ask(links["acme"], listed) == ["Deploy", "Make tea"]
    with page.expect_response("**/change"):
        drag(page, "Make tea", "Deploy")
    expect(page.locator("#assignments [data-label]")).to_have_text(["Make tea", "Deploy"])
    until(page, "/Make tea[^]*Deploy/.test(document.querySelector('#listed').textContent)")
    end(page)

    assert ask(links["acme"], listed) == ["Make tea", "Deploy"]
    assert ask(links["academy"], listed) == ["Make tea"]
    taken = ask(links["academy"], lambda client: walk(client, "Make tea"))
    assert [title for title, _ in taken] == arranged
    assert taken[2][1].strip() == pasted.strip()


def test_a_learner_keeps_their_place_over_a_publish_its_undo_and_what_is_restored(
    browser, site, links
):
    page = begin(browser, site)
    start_draft(page)
    publish(page, "Acme")

    async def begin_second(client):
        return await next_step(client, await select(client, "Make tea"))

    assert ask(links["acme"], begin_second)["step"]["title"] == "Set it up"
    open_step(page, "Set it up")
    write(page, "Set it up well.")
    page.get_by_role("button", name="Move Set it up", exact=True).focus()
    for key in ("Space", "Home", "Space"):
        page.keyboard.press(key)
    expect_saved(page)
    page.get_by_role("link", name="Publish changes").click()
    expect(page.get_by_role("dialog")).to_contain_text("What happens to people")
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_text("Version 2 is live.")).to_be_visible()

    async def again(client):
        return (await select(client, "Make tea"))["step"]

    step = ask(links["acme"], again)
    assert (step["title"], step["content"]) == ("Set it up", "Set it up well.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Version 3 holds what was live before.")).to_be_visible()
    expect(steps(page).first).to_have_text("Set it up")  # what is taken back is the draft
    page.get_by_role("button", name="Discard changes").click()
    expect(steps(page)).to_have_text(TITLES)
    step = ask(links["acme"], again)
    assert step["content"] == "Say what to do, one command or click at a time."

    page.get_by_role("link", name="History").click()
    page.get_by_role("button", name="Restore version 2 into the draft").click()
    expect(page.get_by_text("Version 2 is in the draft.")).to_be_visible()
    expect(steps(page).first).to_have_text("Set it up")
    assert text_of(page) == "Set it up well."
    assert ask(links["acme"], again)["content"] == step["content"]
    end(page)


def test_on_a_phone_a_step_is_moved_by_touch_and_by_a_dialog(browser, site):
    page = begin(browser, site, viewport={"width": 390, "height": 844}, has_touch=True)
    start_draft(page)
    page.get_by_role("link", name="Steps", exact=True).tap()
    handle = page.get_by_role("button", name="Move Prepare", exact=True)
    handle.scroll_into_view_if_needed()
    at, to = (
        page.get_by_role("button", name=f"Move {title}", exact=True).bounding_box()
        for title in ("Prepare", "See that it works")
    )
    touch = page.context.new_cdp_session(page)
    x, y = at["x"] + 8, at["y"] + at["height"] / 2
    points = [(x, y), *((x, y + (to["y"] + 12 - at["y"]) * part / 8) for part in range(1, 9))]
    for kind, (px, py) in zip(["touchStart", *["touchMove"] * 8], points, strict=True):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": px, "y": py}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(steps(page)).to_have_text(["Set it up", "See that it works", "Prepare"])
    page.get_by_role("button", name="Move “Prepare” to another place").click()
    page.get_by_label("Place, of 3").fill("2")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(steps(page)).to_have_text(["Set it up", "Prepare", "See that it works"])
    expect_saved(page)
    page.reload()
    expect(steps(page)).to_have_text(["Set it up", "Prepare", "See that it works"])
    end(page)


def test_steps_are_added_named_deleted_and_brought_back_in_the_page(browser, site):
    page = begin(browser, site)
    start_draft(page, template="Learn by doing")
    loads = page.evaluate("sessionStorage.loads")
    page.keyboard.press("Control+Shift+Enter")
    expect(page.get_by_label("Title of the step")).to_be_focused()
    page.keyboard.type("Look closer")
    expect(steps(page).nth(1)).to_have_text("Look closer")
    page.keyboard.press("Enter")
    expect_saved(page)
    page.get_by_role("button", name="Rename section See it").click()
    page.get_by_label("Name", exact=True).fill("Watch")
    page.keyboard.press("Enter")
    expect(page.locator(".steps-pane h3 [data-label]").first).to_have_text("Watch")
    expect(page.get_by_label("Section", exact=True)).to_have_value("Watch")
    page.get_by_role("button", name="Move section Do it").focus()
    for key in ("Space", "Home", "Space"):
        page.keyboard.press(key)
    expect(steps(page).first).to_have_text("The smallest version")
    page.get_by_role("button", name="Delete this step").click()
    expect(steps(page).filter(has_text="Look closer")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Title of the step")).to_have_value("Look closer")
    page.go_back()
    expect(page.get_by_label("Title of the step")).to_have_value("How it works")
    assert page.evaluate("sessionStorage.loads") == loads

    # What a text changes around it comes with the answer to its save: the page is not read again.
    page.route(
        re.compile(r"/walkthroughs/wt_[\w-]+/(\?.*)?$"), lambda route: route.fulfill(body="")
    )
    write(page, "Quite **new**. ![gone](gone.png)")
    expect(page.locator("#preview strong")).to_have_text("new")
    expect(page.locator("[data-item].open .mark")).to_have_text(["new", "problem"])
    end(page)


def test_the_whole_story_by_keyboard_alone(browser, site, links):
    page = begin_at_sign_in(browser, site)

    def go(role, name, key="Enter"):
        """Tab on to a control, and press it."""
        control = page.get_by_role(role, name=name, exact=True).first
        for _ in range(60):
            if control.count() and control.evaluate("each => each === document.activeElement"):
                break
            page.keyboard.press("Tab")
        expect(control).to_be_focused()
        if key:
            page.keyboard.press(key)

    go("link", "New walkthrough")
    expect_page(page, "New walkthrough")
    go("textbox", "Title", key="")
    page.keyboard.type("Make tea")
    go("textbox", "What should people be able to do at the end?", key="")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    go("button", "Create draft")
    expect_editor(page)
    go("button", "Move Prepare", key="Space")
    for key in ("ArrowDown", "Space"):
        page.keyboard.press(key)
    expect(steps(page).first).to_have_text("Set it up")
    go("link", "Set it up")
    expect(page.get_by_label("Title of the step")).to_have_value("Set it up")
    go("textbox", "For the learner", key="")
    page.keyboard.press("Control+a")
    page.keyboard.type("By keys.")
    go("button", "Delete this step", key="")
    page.keyboard.press("Control+s")
    expect_saved(page)
    page.keyboard.press("Control+Enter")
    page.get_by_role("dialog").wait_for()
    go("checkbox", "Academy", key="Space")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Version 1 is live.")).to_be_visible()
    assert page.evaluate("sessionStorage.clicks") == "1"  # of the button that signs in
    end(page)

    taken = ask(links["academy"], lambda client: walk(client, "Make tea"))
    assert taken[0] == ("Set it up", "By keys.")
    assert [title for title, _ in taken[1:]] == ["Prepare", "See that it works"]


def test_pages_and_dialogs_of_the_story_are_accessible_and_fit(browser, site, links):
    page = begin(browser, site)
    told = []
    for name in ("walkthroughs", "walkthroughs/new", "servers", "servers/acme"):
        page.goto(f"{site.origin}/o/acme/admin/{name}/")
        told += faults(page)
    page.goto(f"{site.origin}/o/acme/admin/walkthroughs/")
    start_draft(page, template="Learn by doing")
    told += faults(page)
    page.get_by_role("link", name="Steps", exact=True).click()
    opened = {
        "Move “How it works” to another place": "Move “How it works”",
        "Rename section See it": "Rename the section",
    }
    for button, dialog in opened.items():
        page.get_by_role("button", name=button).click()
        page.get_by_role("dialog", name=dialog).wait_for()
        told += faults(page)
        page.keyboard.press("Escape")
        # It gets the focus back when the dialog is gone, which would drop what is lifted by then.
        expect(page.get_by_role("button", name=button)).to_be_focused()
    page.get_by_role("button", name="Move How it works", exact=True).press("Space")
    told += faults(page)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Undo").wait_for()
    told += faults(page)
    page.get_by_role("link", name="Publish changes").click()
    page.get_by_role("dialog").wait_for()
    told += faults(page)
    page.keyboard.press("Escape")
    for name in ("publish/", "history/"):
        page.goto(page.url.partition("?")[0] + name)
        told += faults(page)
        page.go_back()
    end(page)
    assert told == []
