"""Take a picture of every screen of the dashboard: `python -m tests.browser.screenshots [FOLDER]`.

It serves the demo with a database of its own, writes a walkthrough in it as a person would, and
leaves nothing behind but the pictures: light on a wide screen, dark on a phone.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask_security.utils import hash_password
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select, text

from admin.access.accounts import Account
from admin.demo import prepare
from app import add_pages, build_app, create_app
from bench.history import fill
from tests.browser.card_host import hand, open_card, show_theme
from tests.browser.conftest import _FLAGS, DashboardSite, _program
from tests.browser.writing import begin, open_step, publish, start_draft, write
from tests.serving import served
from walkthroughs.database import embedded, migrations
from walkthroughs.database.pool import Database
from walkthroughs.learning import progress
from walkthroughs.learning.caller import Caller
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.mcp_server.results import step_result
from walkthroughs.models import McpServer, McpServerUser, Walkthrough, db
from walkthroughs.runtime import runtime
from walkthroughs.settings import Settings

_FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
_COLOURS = 96
_OWNER, _PASSWORD = "owner@acme.example", "only-for-these-pictures"
#: Name of the picture, and the page below `/o/acme/admin/`.
_SCREENS = {
    "walkthroughs": "walkthroughs/",
    "new": "walkthroughs/new/",
    "servers": "servers/",
    "server": "servers/acme/",
    "connect": "servers/acme/?tab=connect",
    "server-settings": "servers/academy/?tab=settings",
    "learners": "learners/",
    "git": "git/",
    "git-new": "git/new/",
    "members": "members/",
    "audit": "audit/",
    "tables": "tables/walkthrough_steps/",
}
#: The page, in an organization that learners have used for months, and the one that it leads to.
_NUMBERS = ("analytics/?days=90", "Find the commit that broke it")
#: The same, and the link on that page which leads to the screen.
_OPENED = (("learner", "learners/", "you@acme.example"), ("git-source", "git/", "content-repo"))
#: Where the demo happens to lie is no part of a picture.
_NO_FOLDER = r"""document.querySelectorAll("code, dd, p").forEach((each) => {
  for (const text of each.childNodes) {
    if (text.nodeType === 3) text.data = text.data.replace(/\/\S+\/content-repo/g, "/srv/content-repo");
  }
})"""
_TEXT = """Billing alerts tell you *before* the bill does.

1. Open **Billing › Alerts**, and press **New alert**.
2. Choose the limit, such as `50 €`, and who is told.

```sh
acme alerts create --limit 50 --to you@acme.example
```

> An alert stops nothing: what runs goes on and costs on.
"""
_FOR_THE_ASSISTANT = (
    "Ask which limit fits before you name one. Never suggest that a limit stops costs."
)


def main(folder: Path) -> None:
    """Write all pictures to *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    with demo() as (site, database), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_program(), args=list(_FLAGS))
        page = begin(browser, site)
        take_card(browser, database, folder)
        take_all(browser, page, site, folder)
        take_numbers(page, site, database, folder)
        browser.close()


@contextmanager
def demo() -> Iterator[tuple[DashboardSite, Database]]:
    """Serve the demo, and end it with its database."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            database_url=None,
            given_secret_key=None,
            base_url="http://localhost:8000",
            allow_local_repositories=True,
        )
        app = add_pages(create_app(settings))
        with app.app_context():
            migrations.upgrade(runtime().database)
            prepare(runtime())
            db.session.query(Account).filter_by(email=_OWNER).one().password = hash_password(
                _PASSWORD
            )
            db.session.commit()
        try:
            with served(build_app(settings, app)) as origin:
                site = DashboardSite(origin, _OWNER, _PASSWORD)
                yield site, app.extensions["handrail"].database
        finally:
            embedded.stop(settings.data_dir / "postgres")


def take_all(browser: Browser, page: Page, site: DashboardSite, folder: Path) -> None:
    """Write the pictures of all screens of a demo that few have used."""
    stranger = browser.new_page()
    stranger.goto(f"{site.origin}/admin/")
    take(stranger, folder / "sign-in")
    _take_writing(page, folder)
    for name, path in _SCREENS.items():
        page.goto(f"{site.origin}/o/acme/admin/{path}")
        take(page, folder / name)
    for name, path, link in _OPENED:
        page.goto(f"{site.origin}/o/acme/admin/{path}")
        page.get_by_role("link", name=link, exact=True).click()
        take(page, folder / name)
    page.goto(f"{site.origin}/o/acme/admin/walkthroughs/")
    page.locator(".card", has=page.locator(".badge-git")).first.get_by_role("link").first.click()
    page.locator(".cm-content").first.wait_for()
    take(page, folder / "git-managed")


def take_card(browser: Browser, database: Database, folder: Path) -> None:
    """Write the pictures of the step card, with the second step of a walkthrough of the demo."""
    with database.transaction() as session:
        server = session.scalars(select(McpServer).where(McpServer.slug == "acme")).one()
        learner = session.scalars(select(McpServerUser)).one()
        row = session.scalars(select(Walkthrough.id).where(Walkthrough.title == _NUMBERS[1])).one()
        caller = Caller(server.organization_id, server.id, learner.id)
    first = progress.select(database, ContentCache(), caller, row, resume=True)
    second = progress.advance(database, ContentCache(), caller, first.step and first.step.id)
    page, card = open_card(browser)
    hand(page, step_result(second, ""))
    card.get_by_role("checkbox").check()
    for theme, width, end in (("light", 640, ""), ("dark", 390, "-dark")):
        show_theme(page, theme)
        page.set_viewport_size({"width": width, "height": 400})
        height = card.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
        page.set_viewport_size({"width": width, "height": height})
        _save(page, folder / f"step-card{end}.png")
    page.context.close()


def take_numbers(page: Page, site: DashboardSite, database: Database, folder: Path) -> None:
    """Let learners come for months, and write the pictures of their numbers."""
    with database.begin() as connection:
        acme = connection.execute(text("SELECT id FROM organization")).scalar_one()
    fill(database, acme, learners=400, days=200)
    path, link = _NUMBERS
    page.goto(f"{site.origin}/o/acme/admin/{path}")
    take(page, folder / "analytics")
    page.get_by_role("link", name=link).click()
    page.get_by_role("heading", name="Steps").wait_for()
    take(page, folder / "analytics-walkthrough")


def _take_writing(page: Page, folder: Path) -> None:
    """Write and publish a walkthrough, and take pictures on the way."""
    start_draft(page, "Set up billing alerts", "Learn by doing")
    publish(page, "Acme", "Acme Academy")
    page.reload()
    open_step(page, "The smallest version")
    write(page, _TEXT)
    page.locator("details.text", has_text="For the assistant").first.locator("summary").click()
    write(page, _FOR_THE_ASSISTANT, "For the assistant")
    page.locator("#preview", has_text="An alert stops nothing").wait_for()
    page.locator(".answer summary").click()
    page.locator("h1").click()
    take(page, folder / "editor")
    page.get_by_role("link", name="Publish changes").click()
    page.get_by_role("dialog").wait_for()
    take(page, folder / "publish")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Preview", exact=True).click()
    take(page, folder / "preview")
    page.go_back()
    page.get_by_role("link", name="History").click()
    take(page, folder / "history")


def take(page: Page, path: Path) -> None:
    """Write *path*.png, light and wide, and *path*-dark.png, dark and narrow."""
    page.evaluate(_NO_FOLDER)
    for scheme, width, height, end in (("light", 1440, 900, ""), ("dark", 390, 844, "-dark")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        _save(page, path.with_name(f"{path.name}{end}.png"))
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")


def _save(page: Page, path: Path) -> None:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else _FOLDER)
