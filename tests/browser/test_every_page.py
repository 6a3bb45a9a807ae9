"""Every page of the dashboard, with what opens in it, is accessible, quiet and no wider than the screen.

The pages are those of the URL map: a new one is walked as it is added, or fails for want of values.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from admin.access.passwords import link_token
from app import add_pages, build_app, create_app
from tests.browser.conftest import (
    _AXE,
    _LOOKS,
    _RUN_AXE,
    _RUN_AXE_BESIDE_MENU,
    FILES_STAY,
    PATIENCE_MS,
    DashboardSite,
    faults_now,
    sign_in,
    wear,
)
from tests.browser.every_page import OWNER, Everything
from tests.serving import served
from tests.uploads import TEA, zipped
from walkthroughs.models import Base, User

_MENU = "[popovertarget=menu]"  # on a narrow screen
#: What opens by a press, and what it opens. Each is opened on the first page that has it.
_OPENED = {
    _MENU: "#menu",
    ".menu > summary": ".menu[open] > .menu-list",
    "details.pop > summary": "details.pop[open] > form",
    "[data-move=to]": "dialog[open]",
    "[data-rename]": "dialog[open]",
    "[data-library]": "dialog[open]",
    "#publish": "dialog[open]",
}
#: The same, by a key.
_BY_KEY = {"?": "dialog[open]", "Control+k": "dialog[open]"}
_UNFOLD = """document.querySelectorAll("details:not([name], .menu, .pop)").forEach((each) => {
  each.open = true; })"""
_HEADINGS = """[document.title, ...[...document.querySelectorAll("h1, h2, h3")].map(
  (each) => each.innerText)].join("\\n")"""
_NAMES = [each.class_.__name__ for each in Base.registry.mappers] + list(Base.metadata.tables)
#: An id of a row, the name of a class of two words, the name of a table of two words.
_INTERNAL = re.compile(
    "|".join([
        r"\b[a-z]{2,4}_[0-9A-Za-z]{20,}", r"<\w+ ",
        *(rf"\b{name}\b" for name in _NAMES if re.search(r"_|[a-z][A-Z]", name)),
    ])
)  # fmt: skip


#: What the Tab key shall reach. Of radio buttons it reaches the one that is chosen.
_FIND_STOPS = """window.stops = [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [contenteditable=true]"
)].filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.tabIndex >= 0
  && !each.matches(":disabled, [type=radio]:not(:checked)") && !each.closest("[inert]"));
document.activeElement.blur();
window.reached = []; window.addEventListener("keydown", note, true);
// Which of them has the focus, whether that is to be seen, and what it is.
function note() { const at = document.activeElement;
  const isSeen = [at, at.closest(".cm-editor")].some((each) => { if (!each) return false;
    const style = getComputedStyle(each);
    return style.boxShadow !== "none"
      || (style.outlineStyle !== "none" && style.outlineWidth !== "0px"); });
  reached.push([stops.indexOf(at), isSeen, at.outerHTML.slice(0, 160)]); }
stops.length"""
#: What was reached since it was asked last. Each is noted as the next key is pressed.
_REACHED = "note(); reached.splice(0)"


@pytest.fixture
def everything(database, settings):
    # What pages show does not change while they are looked at.
    settings = replace(settings, poll_seconds=3600)
    app = add_pages(create_app(settings))
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = FILES_STAY
    made = Everything(app, database)
    password = app.extensions["security"].pwd_context.hash("a long password")
    with database.transaction() as session:
        owner = session.query(User).filter_by(email=OWNER).one()
        owner.password = password
        made.tokens["password.choose"] = link_token(settings, owner)
    with served(build_app(settings, app)) as origin:
        made.site = DashboardSite(origin, OWNER, "a long password")
        yield made


class Sweep:
    """An owner's browser and a visitor's; `told` holds what is wrong with what they showed."""

    def __init__(self, browser, everything):
        self.site, self.told, self.walked = everything.site, [], 0
        self.by_key = set()  # endpoints whose page was walked by the Tab key
        self.context, page = sign_in(browser, everything.site)
        self.owner = self._watched(page)
        self.visitor = self._watched(browser.new_context().new_page())
        self.closed = {look: set(_OPENED) for look in _LOOKS}
        self.closed[_LOOKS[0]].remove(_MENU)
        self.looks = list(_LOOKS)

    def _watched(self, page):
        page.context.set_default_timeout(PATIENCE_MS)
        page.context.add_init_script(path=_AXE)  # on each page: then it is sent and read once
        page.on("console", lambda message: self._say(page, message.text))
        page.on("pageerror", lambda error: self._say(page, str(error)))
        page.on("request", lambda sent: (
            sent.url.startswith((self.site.origin, "data:", "blob:")) or self._say(page, sent.url)
        ))  # fmt: skip
        return page

    def _say(self, page, words):
        self.told.append(f"{page.url}, {page.viewport_size['width']} wide: {words}")

    def close(self):
        self.visitor.context.close()
        self.context.close()

    def show(self, address):
        """Open a page with all that unfolds in it, in each look, with each menu that is new."""
        page = self.visitor if address.is_for_visitors else self.owner
        path = self.site.origin + address.path
        if address.may_lack and page.request.get(path, max_redirects=0).status in {302, 404}:
            return
        answer = page.goto(path)
        if answer.status != 200 or page.url != path:
            self._say(page, f"{answer.status} for {path}")
        if page.locator("textarea[data-editor]").count():
            page.locator(".cm-content").first.wait_for(state="attached")
        page.evaluate(_UNFOLD)
        self.walked += 1
        is_new = address.endpoint not in self.by_key and "/tables/" not in address.path
        self.looks.reverse()  # it begins as the page before it ended: each change costs a layout
        for look in self.looks:
            self._show_in(page, look)
            if is_new and look == _LOOKS[0]:
                self.by_key.add(address.endpoint)
                self._walk_by_key(page)
        if found := _INTERNAL.search(page.evaluate(_HEADINGS)):
            self._say(page, f"a heading says {found[0]}")

    def _show_in(self, page, look):
        wear(page, look)
        self._look_at(page, _RUN_AXE if self.walked == 1 else _RUN_AXE_BESIDE_MENU)
        for opener in sorted(self.closed[look]):
            if page.locator(opener).first.is_visible():
                self.closed[look].remove(opener)
                self._open(page, opener)

    def _walk_by_key(self, page):
        """Press Tab until it leaves the page: it reaches all there is, and shows where it is."""
        left = set(range(page.evaluate(_FIND_STOPS)))
        more = 2 * len(left) + 20  # a field of a date has three stops
        while left and more > 0:
            for _ in range(min(len(left), more)):
                page.keyboard.press("Tab")
                more -= 1
            for place, is_seen, what in page.evaluate(_REACHED):
                left.discard(place)
                if not is_seen and place >= 0:
                    self._say(page, f"the focus is not seen at {what}")
        for place in left:
            if page.evaluate(f"stops[{place}].isConnected"):  # what htmx has replaced is not
                self._say(page, f"Tab misses {page.evaluate(f'stops[{place}].outerHTML')[:160]}")

    def _open(self, page, opener):
        """Look at what Enter opens; Escape closes it and gives the focus back."""
        there = page.locator(opener).first
        self.press(page, there.press, "Enter", _OPENED[opener])
        expect(there).to_be_focused()

    def press(self, page, press, key, selector):
        press(key)
        expect(page.locator(selector).first).to_be_visible()
        self._look_at(page, _RUN_AXE)
        page.keyboard.press("Escape")
        expect(page.locator(selector)).to_be_hidden()

    def _look_at(self, page, run):
        for each in faults_now(page, run):
            self._say(page, each)

    def imported(self, address):
        """Send a zip as the page of New does; return the page that shows what is in it."""
        page, origin = self.owner, self.site.origin
        page.goto(f"{origin}/o/acme/admin/walkthroughs/new/")
        file = {"name": "tea.zip", "mimeType": "application/zip", "buffer": zipped(TEA)}
        token = page.locator("[name=csrf_token]").first.input_value()
        sent = {"csrf_token": token, "files": file}
        answer = page.request.post(origin + address.path, multipart=sent)
        return replace(address, path=answer.url.removeprefix(origin))


@pytest.mark.parametrize("part", ["tables", "pages"])
def test_every_page_dialog_and_menu_is_accessible_and_fits_in_each_look(browser, everything, part):
    sweep = Sweep(browser, everything)
    for address in everything.addresses():
        if ("/tables/" in address.path) == (part == "tables"):
            sweep.show(sweep.imported(address) if address.is_import else address)
    if part == "pages":
        wear(sweep.owner, _LOOKS[0])
        for key, selector in _BY_KEY.items():
            sweep.press(sweep.owner, sweep.owner.keyboard.press, key, selector)
        assert not any(sweep.closed.values()), sweep.closed
    sweep.close()

    assert not sweep.told, "\n".join(sweep.told)
    assert sweep.walked > 25
