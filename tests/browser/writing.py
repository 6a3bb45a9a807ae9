"""A member who writes in the dashboard, in a browser that notes what goes wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mcp import Client
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE_MS, DashboardSite, expect_page, give_session
from tests.browser.static_pages import watched
from tests.serving import view_of

#: Counts what a person does and waits for, over all pages of a tab.
_COUNT = """
  const count = (name) => (sessionStorage[name] = Number(sessionStorage[name] ?? 0) + 1);
  if (location.protocol.startsWith("http")) {
    count("loads");
    addEventListener("pointerdown", () => count("clicks"), true);
  }
"""


def begin(browser: Browser, site: DashboardSite, **options: Any) -> Page:
    """Open the first page, signed in, as `begin_at_sign_in` does after its page."""
    page = _page(browser, site, **options)
    give_session(page.context, site)
    page.goto(f"{site.origin}/admin/")
    expect_page(page, "Walkthroughs")
    return page


def begin_at_sign_in(browser: Browser, site: DashboardSite, **options: Any) -> Page:
    """Sign in; `page.told` holds errors of the console and requests to other hosts."""
    page = _page(browser, site, **options)
    page.goto(f"{site.origin}/admin/")
    sign_in(page, site)
    expect_page(page, "Walkthroughs")
    return page


def _page(browser: Browser, site: DashboardSite, **options: Any) -> Page:
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}} | options)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(_COUNT)
    page = watched(context.new_page())
    page.on(
        "request",
        lambda sent: (
            sent.url.startswith((site.origin, "data:", "blob:")) or page.told.append(sent.url)  # type: ignore[attr-defined]
        ),
    )
    return page


def sign_in(page: Page, site: DashboardSite) -> None:
    page.get_by_label("Email").fill(site.email)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()


def end(page: Page) -> None:
    """Close the browser of a member; fail if something went wrong in it."""
    page.context.close()
    # Where a test types sooner than the page has given the focus, the browser says so.
    told = [each for each in page.told if "Autofocus" not in each]  # type: ignore[attr-defined]
    assert told == [], told


def start_draft(page: Page, title: str = "Make tea", template: str = "Set up and verify") -> None:
    page.get_by_role("link", name="New walkthrough").click()
    page.get_by_label("Title").fill(title)
    page.get_by_label(template).check()
    page.get_by_role("button", name="Create draft").click()
    expect_editor(page)


def expect_editor(page: Page) -> None:
    """Wait for the editor's page, and for all of its scripts: the one of the text is not the last."""
    page.locator(".cm-content").first.wait_for()
    page.wait_for_load_state()


def open_step(page: Page, title: str) -> None:
    steps(page).filter(has_text=title).click()
    expect(page.get_by_label("Title of the step")).to_have_value(title)


def write(page: Page, text: str, field: str = "For the learner") -> None:
    """Put *text* in place of a text of the open step."""
    page.get_by_role("textbox", name=field, exact=True).focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def text_of(page: Page) -> str:
    """Return the text for the learner as the form would send it."""
    # Not by `input_value`, which does not see what the editor makes of the field.
    return str(page.locator("#step-text").evaluate("(field) => field.value"))


def steps(page: Page) -> Any:
    return page.locator(".steps-pane [data-label]:is(a)")


def expect_saved(page: Page) -> None:
    expect(page.locator("[data-save-status]")).to_have_text(re.compile("^Saved "))


def publish(page: Page, *servers: str) -> None:
    """Publish from the dialog, and tick *servers*."""
    page.get_by_role("link", name="Publish changes").click()
    dialog = page.get_by_role("dialog")
    for name in servers:
        dialog.get_by_role("checkbox", name=name, exact=True).check()
    dialog.get_by_role("button", name="Publish version").click()
    expect(page.get_by_text(re.compile(r"Version \d+ is live\."))).to_be_visible()


def ask(address: str, talk: Callable[[Any], Awaitable[Any]]) -> Any:
    """Return what *talk* returns of a real client at *address*."""

    async def connected() -> Any:
        async with Client(address) as client:
            return await talk(client)

    with ThreadPoolExecutor(1) as pool:  # Playwright's event loop runs in this thread
        return pool.submit(lambda: asyncio.run(connected())).result()


async def listed(client: Any) -> list[str]:
    """Return the titles that a server offers, in order."""
    answer = view_of(await client.call_tool("list_walkthroughs"))
    return [each["title"] for each in answer["walkthroughs"]]


async def select(client: Any, title: str) -> Any:
    """Begin a walkthrough, or go on with it; return what the assistant is shown."""
    answer = view_of(await client.call_tool("list_walkthroughs"))
    (chosen,) = (each["id"] for each in answer["walkthroughs"] if each["title"] == title)
    return shown(await client.call_tool("select_walkthrough", {"walkthrough_id": chosen}))


async def next_step(client: Any, view: Any) -> Any:
    """Return what follows the step of *view*."""
    arguments = {"current_step_id": view["step"]["id"]}
    return shown(await client.call_tool("next_walkthrough_step", arguments))


def shown(result: Any) -> Any:
    """Return what a result holds for programs, and the author's text in the step."""
    view = view_of(result)
    if view["step"]:
        found = re.search(r"\n<(\w+)>\n(.*)\n</\1>", result.content[0].text, re.DOTALL)
        assert found is not None
        view["step"]["content"] = found[2]
    return view
