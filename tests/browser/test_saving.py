"""The autosaver in a browser: what it sends, what it says, and that nothing is lost."""

import hashlib
import re

import pytest
from playwright.sync_api import expect
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.browser.conftest import PATIENCE_MS, faults
from tests.browser.static_pages import pages_served, until, watched
from tests.waiting import until as until_true

SAVED_AT = "2026-03-01T09:42:00Z"
#: Keeps what the status has said: some of it is gone before a test has looked.
_NOTE_STATUS = """() => {
  const status = document.querySelector("[data-save-status]");
  window.statuses = [];
  new MutationObserver(() => statuses.push(status.textContent)).observe(status, { childList: true });
}"""


class Draft:
    """What the server was sent, and what it answers next; by default that all is saved."""

    def __init__(self):
        self.requests, self.tokens, self.answers, self.revision = [], [], [], 7

    async def save(self, request):
        self.requests.append(await request.json())
        self.tokens.append(request.headers.get("x-csrftoken"))
        if self.answers:
            answer = self.answers.pop(0)
            return answer if isinstance(answer, Response) else self.saved(**answer)
        return self.saved()

    def saved(self, **facts):
        self.revision += 1
        return JSONResponse({"revision": self.revision, "saved_at": SAVED_AT, "merged": [], "conflicts": [],
                             "problems": [], "notices": [], **facts})  # fmt: skip

    def changes(self):
        return [change for request in self.requests for change in request["changes"]]


@pytest.fixture(scope="module")
def shared():
    draft = Draft()

    async def save(request):
        return await draft.save(request)

    with pages_served(Route("/draft", save, methods=["POST"])) as origin:
        yield draft, origin


@pytest.fixture
def draft(shared):
    shared[0].__init__()
    return shared[0]


@pytest.fixture(scope="module")
def context(browser):
    made = browser.new_context(timezone_id="Europe/Paris")
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


@pytest.fixture
def page(context, shared, draft):
    opened = watched(context.new_page())
    opened.goto(f"{shared[1]}/pages/save.html")
    opened.locator(".cm-content").wait_for()
    yield opened
    told = [
        each
        for each in opened.told + opened.evaluate("told")
        if "Failed to load resource" not in each
    ]
    opened.evaluate("localStorage.clear()")
    for each in context.pages:
        each.close()
    assert told == []


def status(page):
    return page.locator("[data-save-status]")


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def write(page, text):
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def wait_before_saving(page, ms):
    """Let the page save so long after the last key: a test may need longer than its usual 300 ms."""
    page.evaluate(
        "ms => { document.querySelector('[data-save-url]').handrailSave.quietMs = ms }", ms
    )


def events(page, name):
    return [
        detail
        for each, detail in page.evaluate(
            "events.map(([name, detail]) => [name, JSON.parse(JSON.stringify(detail))])"
        )
        if each == name
    ]


def expect_saved(page):
    expect(status(page)).to_have_text(re.compile("^Saved (1 Mar, )?10:42$"))


def test_text_is_saved_a_second_after_the_last_key_with_what_was_seen(page, draft):
    wait_before_saving(page, 3_600_000)
    write(page, "New é")
    expect(status(page)).to_have_text("Saving…")
    page.get_by_label("Description").fill("Abou")
    assert draft.requests == []
    wait_before_saving(page, 300)
    page.get_by_label("Description").press("End")
    page.keyboard.type("t")  # each key begins the wait anew
    expect_saved(page)

    (request,) = draft.requests
    assert request["base"] == 7
    assert re.fullmatch("[0-9a-z]{22}", request["request_id"])
    assert draft.tokens == ["a-token"]
    assert request["changes"] == [
        {
            "kind": "set_step",
            "step": "stp_1",
            "field": "text",
            "value": "New é",
            "seen": sha("Old text"),
        },
        {"kind": "set_detail", "field": "description", "value": "About", "seen": sha("")},
    ]
    assert page.evaluate("localStorage.length") == 0
    write(page, "Newer")
    page.keyboard.press("Control+s")
    until(page, "events.length === 2")
    assert draft.requests[1]["base"] == 8
    assert draft.changes()[-1]["seen"] == sha("New é")


def test_while_offline_text_is_kept_and_sent_when_the_network_is_back(page, draft):
    page.context.set_offline(True)
    write(page, "Offline")
    expect(status(page)).to_have_text("Not saved: offline, kept in this browser")
    assert "Offline" in page.evaluate("Object.values(localStorage).join()")
    page.keyboard.type(" and on")
    page.context.set_offline(False)
    expect_saved(page)
    until(page, "localStorage.length === 0")

    assert draft.changes()[-1]["value"] == "Offline and on"


def test_a_lost_answer_is_asked_for_again_under_the_same_id(page, draft):
    draft.answers = [Response(status_code=503), {}]
    page.evaluate(_NOTE_STATUS)
    write(page, "Once")
    expect_saved(page)

    told = "Not saved: the server is busy, kept in this browser; next try in 1 s"
    assert told in page.evaluate("window.statuses")
    first, second = draft.requests
    assert first["request_id"] == second["request_id"]
    assert first["changes"] == second["changes"]


def test_a_session_that_ended_asks_for_a_sign_in_and_saving_goes_on(page, draft):
    draft.answers = [Response(status_code=401)]
    write(page, "Mine")
    expect(status(page)).to_have_text("Not saved: sign in again")
    page.keyboard.type(" still")
    page.evaluate("events.find(([name]) => name === 'handrail:sign-in')[1].done('another-token')")
    expect_saved(page)
    until(page, "localStorage.length === 0")

    assert draft.tokens[-1] == "another-token"
    assert draft.changes()[-1]["value"] == "Mine still"


def test_what_the_server_refuses_is_said_and_kept(page, draft):
    draft.answers = [
        JSONResponse({"error": "A text may have 64 KiB; this one has 70 KiB."}, status_code=413)
    ]
    write(page, "Long")
    expect(status(page)).to_have_text(
        "Not saved: A text may have 64 KiB; this one has 70 KiB, kept in this browser"
    )
    write(page, "Short")
    expect_saved(page)

    assert draft.requests[0]["request_id"] != draft.requests[1]["request_id"]
    assert draft.changes()[-1] | {"seen": ""} == draft.changes()[0] | {"seen": "", "value": "Short"}


@pytest.mark.parametrize(
    ("button", "sent"),
    [
        (
            "Keep mine",
            {"kind": "set_step", "value": "Mine", "seen": sha("Theirs"), "resolves": True},
        ),
        ("Take theirs", {"kind": "drop", "value": "Mine"}),
        (
            "Save merged text",
            {"kind": "set_step", "value": "Both", "seen": sha("Theirs"), "resolves": True},
        ),
    ],
)
def test_the_same_text_of_two_people_is_settled_in_a_dialog(page, draft, button, sent):
    conflict = {"step": "stp_1", "field": "text", "mine": "Mine", "theirs": "Theirs", "by": "Ann"}
    draft.answers = [{"conflicts": [conflict]}]
    write(page, "Mine")
    dialog = page.get_by_role("dialog", name="Ann changed the same text")
    expect(dialog).to_be_visible()
    expect(status(page)).to_have_text(
        "Not saved: somebody else changed this text, kept in this browser"
    )
    assert "Mine" in page.evaluate("Object.values(localStorage).join()")
    told = faults(page) if button == "Keep mine" else []
    if button == "Save merged text":
        dialog.get_by_role("button", name="Edit merged").click()
        dialog.get_by_label("Merged text").fill("Both")
    dialog.get_by_role("button", name=button).click()
    expect_saved(page)

    assert told == []
    assert draft.changes()[-1] == {"step": "stp_1", "field": "text", **sent}
    shown = {"Keep mine": "Mine", "Take theirs": "Theirs", "Save merged text": "Both"}[button]
    assert page.evaluate("document.querySelector('#text').value") == shown
    assert page.evaluate("localStorage.length") == 0


def test_a_conflict_that_is_refused_as_a_whole_holds_that_text_and_saves_the_rest(page, draft):
    conflict = {"step": "stp_1", "field": "text", "mine": "Mine", "theirs": "Theirs", "by": "Ann"}
    draft.answers = [JSONResponse({"revision": 9, "conflicts": [conflict]}, status_code=409)]
    wait_before_saving(page, 3_600_000)
    page.get_by_label("Title").fill("Two")
    write(page, "Mine")
    wait_before_saving(page, 300)
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Keep mine").click()

    def sent():
        requests = draft.requests[1:]
        return [(each["field"], each["value"]) for sent in requests for each in sent["changes"]]

    until_true(lambda: len(sent()) >= 2)  # the rest may be sent, and saved, before that text
    expect_saved(page)
    assert sorted(sent()) == [("text", "Mine"), ("title", "Two")]
    assert draft.requests[1]["base"] == 9


@pytest.mark.parametrize("choice", ["Restore", "Drop"])
def test_text_of_a_page_that_crashed_is_offered_and_touches_nothing_before(page, draft, choice):
    draft.answers = [Response(status_code=503)] * 999
    write(page, "Unsaved text")
    expect(status(page)).to_have_text(re.compile("^Not saved"))
    page.reload()
    bar = page.get_by_role("region", name="Unsaved text")
    expect(bar).to_contain_text("Unsaved text from")
    assert page.evaluate("document.querySelector('#text').value") == "Old text"
    bar.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("dialog")).to_contain_text("For the learner: in this browser")
    told = faults(page) if choice == "Drop" else []
    page.keyboard.press("Escape")
    draft.__init__()
    bar.get_by_role("button", name=choice).click()
    if choice == "Restore":
        expect_saved(page)
        assert draft.changes()[0]["value"] == "Unsaved text"
        assert draft.changes()[0]["seen"] == sha("Old text")
        assert page.evaluate("document.querySelector('#text').value") == "Unsaved text"
    until(page, "localStorage.length === 0")
    assert told == []


def test_text_of_another_page_that_is_still_open_is_not_offered(page, draft, shared):
    draft.answers = [Response(status_code=503)] * 999
    write(page, "Being written")
    expect(status(page)).to_have_text(re.compile("^Not saved"))
    other = page.context.new_page()
    other.goto(f"{shared[1]}/pages/save.html")
    other.locator(".cm-content").wait_for()
    other.wait_for_timeout(400)  # longer than an open page has to answer

    expect(other.get_by_role("region", name="Unsaved text")).to_have_count(0)
    draft.answers = []


def test_leaving_asks_only_if_text_is_stored_nowhere(page, draft):
    draft.answers = [Response(status_code=503)] * 999
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    write(page, "Kept")
    expect(status(page)).to_have_text(re.compile("kept in this browser"))
    page.reload()
    assert asked == []
    page.get_by_role("button", name="Drop").click()
    page.evaluate(
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }; null"
    )
    write(page, "Not kept")
    expect(status(page)).to_have_text(re.compile("only on this page: do not close it"))
    page.reload()
    assert asked == ["beforeunload"]


def test_problems_are_shown_at_their_fields_and_what_was_merged_is_told(page, draft):
    problem = {
        "step": "stp_1",
        "field": "text",
        "line": 1,
        "message": "No such picture",
        "level": "error",
    }
    draft.answers = [{"problems": [problem], "merged": ["Ann changed the title."]}]
    write(page, "![x](x.png)")

    expect(page.get_by_role("list", name="Problems")).to_contain_text("No such picture")
    expect(page.locator(".toast")).to_have_text("Ann changed the title.")
    assert faults(page) == []


def test_a_field_that_is_drawn_again_shows_the_text_that_waits(page, draft):
    wait_before_saving(page, 3_600_000)
    page.get_by_label("Check").fill("Mine")
    page.evaluate(
        """check.outerHTML = '<textarea id="check" data-step="stp_1" data-field="check">It runs.</textarea>';
        check.dispatchEvent(new CustomEvent('htmx:load', {bubbles: true}))"""
    )
    expect(page.get_by_label("Check")).to_have_value("Mine")
    page.keyboard.press("Control+s")
    expect_saved(page)

    assert [(change["value"], change["seen"]) for change in draft.changes()] == [
        ("Mine", sha("It runs."))
    ]
