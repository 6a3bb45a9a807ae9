"""A real browser shows a picture at the address that a real client is given."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.browser.conftest import PATIENCE_MS
from tests.galleries import FOX, committed

__all__ = ["committed"]


async def _address(gallery, path, host):
    """Return the address of the picture in the answer to a client that comes by *host*."""
    # Unlike browsers, programs may not find names below localhost.
    http = httpx2.AsyncClient(headers={"host": host})
    async with (
        http,
        Client(
            streamable_http_client(f"{gallery.origin}{path}/u/{gallery.token}", http_client=http)
        ) as client,
    ):
        arguments = {"walkthrough_id": gallery.walkthrough_id}
        answer = await client.call_tool("select_walkthrough", arguments)
    return re.search(r"!\[A fox\]\(([^)]*)\)", answer.content[0].text)[1]


@pytest.mark.parametrize(
    ("path", "host", "base"),
    [
        ("/s/acme/mcp", "localhost:{port}", "http://localhost:{port}/s/acme"),
        ("/mcp", "acme.localhost:{port}", "http://acme.localhost:{port}"),
    ],
)
def test_a_browser_shows_the_picture_in_a_page_of_another_site_and_alone(
    browser, committed, path, host, base
):
    gallery = committed
    host, base = (each.format(port=gallery.port) for each in (host, base))
    with ThreadPoolExecutor(1) as pool:  # Playwright's event loop runs in this thread
        address = pool.submit(lambda: asyncio.run(_address(gallery, path, host))).result()
    assert address == f"{base}/i/{FOX.name}"

    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.set_content(f'<img crossorigin src="{address}" alt="A fox">')
    assert _size(page) == [16, 9]
    assert told == []
    page.goto(address)
    assert _size(page) == [16, 9]
    page.close()


def _size(page):
    return page.locator("img").evaluate(
        "async (shown) => { await shown.decode(); return [shown.naturalWidth, shown.naturalHeight] }"
    )
