"""A real browser on the whole application, served as in production."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from admin.access.accounts import create_owner
from admin.access.members import add_member
from app import add_pages, build_app, create_app
from tests.builders import content, organization, server, walkthrough
from tests.outside.node import HERE, run_node
from tests.serving import served
from walkthroughs.database.pool import Database
from walkthroughs.enums import Role
from walkthroughs.models import ContentSource, User, Walkthrough
from walkthroughs.publishing import writer
from walkthroughs.settings import Settings

_FLAGS = (
    "--headless=shell", "--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
_AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
_RUN_AXE = "axe.run({resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})"
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
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=_program(), args=list(_FLAGS))
        yield opened
        opened.close()


def _program() -> str:
    """Return the browser that CHROMIUM names, else the one from the npm package."""
    if named := os.environ.get("CHROMIUM"):
        return named
    found = run_node(HERE / "chromium.mjs")
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@pytest.fixture
def site(database: Database, settings: Settings) -> Iterator[DashboardSite]:
    app = add_pages(create_app(settings))
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
            # It cannot be read from here, and one look says so.
            interval_seconds=24 * 60 * 60,
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
    """Return a signed-in page that fails on the first error in its console."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(f"{site.origin}/admin/")
    page.get_by_label("Email").fill(site.email)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Walkthroughs").wait_for()
    return context, page


def faults(page: Page) -> list[str]:
    """Return what axe finds wrong with the page, and whether it is wider than the screen.

    The page is shown in each look in turn, and is not loaded again.
    """
    page.evaluate(f"{_AXE.read_text()}; null")
    told = []
    for scheme, width, height in _LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its literals
        page.set_viewport_size({"width": width, "height": height})
        shown = f"{page.url} ({scheme}, {width})"
        violations = page.evaluate(_RUN_AXE)["violations"]
        told += [f"{shown}: {each['id']}: {each['nodes'][0]['html']}" for each in violations]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            told.append(f"{shown}: wider than the screen")
    return told
