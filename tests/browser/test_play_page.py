"""A picture is dropped into a draft, and the draft is played to its end by keys."""

from base64 import b64encode

from playwright.sync_api import expect

from tests.browser.conftest import faults, sign_in
from tests.browser.writing import expect_editor
from tests.pictures import picture_file

_DROP = """(text) => {
  const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "fox.png", { type: "image/png" }));
  const line = document.querySelector(".cm-line");
  const { left, bottom } = line.getBoundingClientRect();
  line.dispatchEvent(new DragEvent("drop", {
    bubbles: true, cancelable: true, dataTransfer: data, clientX: left + 2, clientY: bottom - 2,
  }));
}"""


def test_a_dropped_picture_is_in_the_preview_and_the_draft_is_played_to_its_end_by_keys(
    browser, site
):
    context, page = sign_in(browser, site)
    told = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("response", lambda each: each.status < 400 or told.append(f"{each.status} {each.url}"))
    page.goto(f"{site.origin}/o/acme/admin/walkthroughs/")
    page.get_by_role("link", name="Deploy").click()
    expect_editor(page)
    page.evaluate(_DROP, b64encode(picture_file()).decode())
    page.get_by_label("What does it show?").fill("A fox")
    page.get_by_role("button", name="Add picture").click()
    shown = page.locator("#preview").get_by_alt_text("A fox")
    expect(shown).to_be_visible()
    assert shown.evaluate("async (each) => { await each.decode(); return each.naturalWidth }") == 16
    assert faults(page) == []

    page.get_by_role("link", name="Preview", exact=True).click()
    page.wait_for_url("**/preview/**")
    expect(page.get_by_role("heading", name="One")).to_be_visible()
    expect(page.locator("article").get_by_alt_text("A fox")).to_be_visible()
    assert faults(page) == []
    for name in ("Two", "Three", "Finished"):
        _press(page, "ArrowRight")
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    _press(page, "ArrowLeft")
    expect(page.get_by_role("heading", name="Three")).to_be_visible()
    _press(page, "f")
    expect(page.get_by_role("status")).to_contain_text("stays on this step")
    assert faults(page) == []
    page.get_by_role("link", name="Edit this step").click()
    expect(page.get_by_label("Title of the step")).to_have_value("Three")
    page.wait_for_load_state()
    page.set_viewport_size({"width": 1440, "height": 900})  # `faults` has left it narrow
    # Also where nothing waits to be saved.
    page.get_by_role("button", name="Add a step").click()
    expect(page.locator("[data-item]")).to_have_count(4)
    assert told == []
    context.close()


def _press(page, key):
    """Press a key of the page, and wait until the next page has loaded its own."""
    with page.expect_navigation():
        page.keyboard.press(key)
