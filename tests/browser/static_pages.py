"""A small server of static pages, under the policy of the dashboard, for what runs in a browser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Frame, Page
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from admin.access.protection import _POLICY
from tests.browser.conftest import PATIENCE_MS
from tests.serving import served
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "admin" / "static"
_PAGES = Path(__file__).parent / "pages"


@contextmanager
def pages_served(*routes: BaseRoute) -> Iterator[str]:
    """Serve the dashboard's assets, the pages of the tests and *routes*; yield the origin."""

    async def with_policy(request: Request, call_next) -> Response:  # type: ignore[no-untyped-def]
        answer: Response = await call_next(request)
        answer.headers["Content-Security-Policy"] = _POLICY
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    files = [
        Mount("/assets", StaticFiles(directory=ASSETS)),
        Mount("/pages", StaticFiles(directory=_PAGES)),
    ]
    app = Starlette(
        routes=[*routes, *files], middleware=[Middleware(BaseHTTPMiddleware, dispatch=with_policy)]
    )
    with served(app) as origin:
        yield origin


def open_page(browser: Browser, url: str, **options: object) -> Page:
    """Open *url* in a context of its own; what goes wrong is kept in `page.told`."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MS)
    page = watched(context.new_page())
    page.goto(url)
    return page


def watched(page: Page) -> Page:
    """Keep in `page.told` what goes wrong in *page*."""
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.told = told  # type: ignore[attr-defined]
    return page


def cpu_spent(page: Page, work: Callable[[], object]) -> float:
    """Do *work*; return the seconds of CPU that the page spent on it, however busy the machine is."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float({each["name"]: each["value"] for each in metrics}["TaskDuration"])

    before = spent()
    work()
    taken = spent() - before
    session.detach()
    return taken


def until(page: Page | Frame, expression: str) -> None:
    """Wait until *expression* is true. Playwright's own way needs `eval`, which the policy forbids."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(50)
