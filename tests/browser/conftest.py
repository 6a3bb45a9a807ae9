"""A real browser on the whole application, served as in production."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from admin.access.accounts import create_owner
from admin.access.members import add_member
from app import add_pages, build_app, create_app
from tests.builders import content, organization, server, walkthrough
from tests.outside.node import HERE, run_node
from tests.serving import served
from tests.waiting import PATIENCE
from walkthroughs.database.pool import Database
from walkthroughs.enums import Role
from walkthroughs.ids import now_ms
from walkthroughs.models import ContentSource, User, Walkthrough
from walkthroughs.publishing import writer
from walkthroughs.settings import Settings

_FLAGS = (
    "--headless=shell", "--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
_AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
#: No style sheets are loaded beforehand: only a rule that is off needs them.
_RUN_AXE = """axe.run({resultTypes: ['violations'], rules: {'target-size': {enabled: true}},
  preload: {assets: ['media']}, selectors: false})"""
#: The menu of pages is the same everywhere: `test_every_page` looks at it once in each look.
_RUN_AXE_BESIDE_MENU = _RUN_AXE.replace("axe.run(", "axe.run({exclude: ['.side']}, ")
#: What is wrong, in words: to pass on all that axe returns takes longer than to find it.
_FAULTS = """(%s).then(({violations}) => [
  ...violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 300)}`),
  ...(document.documentElement.scrollWidth > innerWidth ? ["wider than the screen"] : [])])"""
#: How long a page may take for what a test waits for. Only what fails waits so long.
PATIENCE_MS = PATIENCE * 1000
#: For how many seconds a browser keeps scripts and styles. In production it asks at each page
#: whether they are still the same, which no test is about.
FILES_STAY = 3600
#: How a page is shown: color scheme, width and height. Each scheme and each width once.
_LOOKS = (("light", 1440, 900), ("dark", 390, 800))


@dataclass
class DashboardSite:
    """The application at `origin`, and an owner who can sign in.

    So can `ann@acme.example`, an editor, with the same password.
    """

    origin: str
    email: str
    password: str


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Not for the whole run: Playwright keeps an event loop running in this thread.
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=_program(), args=list(_FLAGS))
        yield opened
        opened.close()


def _program() -> str:
    """Return the browser that CHROMIUM names, else the one from the npm package."""
    if named := os.environ.get("CHROMIUM"):
        return named
    # The package takes a file for unpacked that another worker still writes.
    with (HERE / "node_modules" / ".chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = run_node(HERE / "chromium.mjs")
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@pytest.fixture
def site(database: Database, settings: Settings) -> Iterator[DashboardSite]:
    app = add_pages(create_app(settings))
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = FILES_STAY
    with app.app_context(), database.transaction() as session:
        org = organization(session, "acme")
        srv = server(session, org.id, "acme")
        password = create_owner(session, org.id, "owner@acme.example")
        ann = add_member(session, "acme", "ann@acme.example", Role.EDITOR)
        ann.password = session.query(User).filter_by(email="owner@acme.example").one().password
        walkthrough(session, org.id, content(title="Deploy"), server_id=srv.id)
        guides = ContentSource(
            organization_id=org.id,
            name="guides",
            url="https://github.com/acme/guides.git",
            checked_at=now_ms(),  # and not again before tomorrow: no test reaches that host
            interval_seconds=86_400,
        )
        session.add(guides)
        session.flush()
        kept = walkthrough(session, org.id, content(id="tea", title="Make coffee"))
        writer.adopt(session, org.id, kept, guides.id)
        session.get_one(Walkthrough, kept).folder = "make-coffee"
    with served(build_app(settings, app)) as origin:
        yield DashboardSite(origin, "owner@acme.example", password)


def sign_in(
    browser: Browser, site: DashboardSite, **options: object
) -> tuple[BrowserContext, Page]:
    """Return a page of somebody who is signed in. It has opened nothing yet."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    give_session(context, site)
    return context, context.new_page()


def give_session(context: BrowserContext, site: DashboardSite) -> None:
    """Sign a browser in without a page: most tests need the session, and not the way to it."""
    address = f"{site.origin}/admin/login"
    shown = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', context.request.get(address).text())
    assert shown is not None
    form = {"email": site.email, "password": site.password, "csrf_token": shown[1]}
    answer = context.request.post(address, form=form, max_redirects=0)
    assert answer.status == 302, answer.text()


def expect_page(page: Page, heading: str) -> None:
    """Wait for the page with that heading, and until it answers to keys and presses.

    A heading is there before the scripts are, and what is pressed before them is lost or leads
    elsewhere. `Page.goto` and `Page.reload` wait for them by themselves.
    """
    page.get_by_role("heading", name=heading).wait_for()
    page.wait_for_load_state()


def faults(page: Page) -> list[str]:
    """Return what axe finds wrong beside the menu, and whether the page is wider than the screen.

    The page is shown in each look in turn, and is not loaded again.
    """
    told = []
    for look in _LOOKS:
        wear(page, look)
        told += [
            f"{page.url} ({look[0]}, {look[1]}): {each}"
            for each in faults_now(page, _RUN_AXE_BESIDE_MENU)
        ]
    return told


def wear(page: Page, look: tuple[str, int, int]) -> None:
    """Show the page in a look."""
    page.wait_for_load_state()  # else another page may come that is not shown so
    scheme, width, height = look
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its literals
    page.set_viewport_size({"width": width, "height": height})


def faults_now(page: Page, run: str) -> list[str]:
    """Return the same of the page as it is shown now, once all of it is there."""
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"{_AXE.read_text()}; null")
    found: list[str] = page.evaluate(_FAULTS % run)
    return found
