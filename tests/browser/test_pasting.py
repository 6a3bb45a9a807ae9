"""What a paste becomes in the editor: Markdown, a link, a picture, or the text as it is."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from tests.browser import clipboards
from tests.browser.conftest import faults
from tests.browser.static_pages import ASSETS, cpu_spent, open_page, pages_served, until
from tests.unit.test_characters import INVISIBLE_AND_SEEN
from walkthroughs.content import characters

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PASTE = """([types, files]) => {
  const data = new DataTransfer();
  for (const [type, value] of Object.entries(types)) data.setData(type, value);
  for (const [name, type, base64] of files) {
    data.items.add(new File([Uint8Array.from(atob(base64), each => each.charCodeAt(0))], name, {type}));
  }
  const event = new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true});
  document.querySelector('.cm-content').dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def shared(browser):
    with pages_served() as origin:
        page = open_page(
            browser,
            f"{origin}/pages/editor.html",
            permissions=["clipboard-read", "clipboard-write"],
        )
        page.locator(".cm-content").wait_for()
        yield page
        page.context.close()


@pytest.fixture
def page(shared):
    write(shared, "")
    shared.evaluate("told.length = 0")
    yield shared
    assert shared.told + shared.evaluate("told") == []


def write(page, text):
    page.evaluate("text => document.querySelector('#text').handrailEditor.setValue(text)", text)
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+End")


def value(page):
    return page.evaluate("document.querySelector('#text').value")


def paste(page, plain="", html="", files=(), **more):
    types = {"text/plain": plain, "text/html": html, **more}
    page.evaluate(PASTE, [{each: text for each, text in types.items() if text}, list(files)])


def status(page):
    return page.locator(".editor-status")


@pytest.mark.parametrize("source", ["DOCS", "WORD", "WORD_WEB", "HOSTILE"])
def test_what_word_processors_copy_becomes_markdown(page, source):
    paste(page, plain="plain", html=getattr(clipboards, source))

    assert value(page) == getattr(clipboards, f"{source}_MARKDOWN")
    expect(status(page)).to_contain_text("Pasted as Markdown.")
    page.keyboard.press("Control+z")
    assert value(page) == ""


def test_a_real_clipboard_is_pasted_as_markdown_and_with_shift_as_it_is(page):
    page.evaluate(
        """() => navigator.clipboard.write([new ClipboardItem({
          'text/html': new Blob(['<p>See <b>this</b></p>'], {type: 'text/html'}),
          'text/plain': new Blob(['See this'], {type: 'text/plain'})})])"""
    )
    page.keyboard.press("Control+v")
    until(page, "document.querySelector('#text').value")
    assert value(page) == "See **this**"
    write(page, "")
    page.keyboard.press("Control+Shift+v")
    until(page, "document.querySelector('#text').value")
    assert value(page) == "See this"


@pytest.mark.parametrize(
    ("before", "plain", "html", "more", "after"),
    [
        (
            "",
            "if a:\n    b",
            "<div style='font-family: Menlo'>if a:</div>",
            {"vscode-editor-data": "{}"},
            "if a:\n    b",
        ),
        ("```\n", "<b>", "<b>bold</b>", {}, "```\n<b>"),
        (
            "",
            "a  b\nc",
            "<meta charset='utf-8'><span style='color: red'>a  b c</span>",
            {},
            "a  b\nc",
        ),
        ("Text", "x", "<ul><li>One</li><li>Two</li></ul>", {}, "Text\n\n- One\n- Two"),
        ("", "a\u200bb\u2028c\u00adد", "", {}, "ab\ncد"),
        ("", "a\r\nb", "", {}, "a\nb"),
    ],
)
def test_a_paste_fits_where_it_goes(page, before, plain, html, more, after):
    write(page, before)
    paste(page, plain, html, **more)

    assert value(page) == after


def test_an_address_on_a_selection_becomes_a_link(page):
    write(page, "the limits")
    page.keyboard.press("Control+a")
    paste(page, "https://docs.acme.example/limits")
    assert value(page) == "[the limits](https://docs.acme.example/limits)"
    write(page, "")
    paste(page, "https://docs.acme.example")
    assert value(page) == "https://docs.acme.example"


def test_a_paste_that_is_too_long_is_refused_as_a_whole_with_its_size(page):
    write(page, "é" * 30_000)
    paste(page, "x" * 5_536)
    assert len(value(page)) == 35_536
    paste(page, "é")
    expect(status(page)).to_have_text(
        "Not pasted: with its 2 bytes the text would have 64 KiB of 64 KiB. Nothing was changed."
    )
    paste(page, "x" * 1024 * 1024)
    expect(status(page)).to_have_text(
        "Not pasted: it has 1 MiB, and a text may have 64 KiB. Nothing was changed."
    )
    paste(page, "x" * 80_000, "<p>" + "<b>x</b> " * 40_000 + "</p>")
    expect(status(page)).to_contain_text("Not pasted: it has 78.1 KiB")
    assert len(value(page)) == 35_536
    page.keyboard.type("typed")
    assert value(page).endswith("xtyped")


def test_hostile_html_of_megabytes_is_pasted_as_its_plain_text_at_once(page):
    for part in ("<ul><li>", "<br>", "<a style='x", "<p></b><b>x"):
        write(page, "")
        html = part * (1_000_000 // len(part))
        spent = cpu_spent(page, lambda html=html: paste(page, "plain", html))
        print(f"{part}: {spent:.2f} s")
        assert value(page) == "plain", part
        assert spent < 2, part


def test_a_picture_asks_for_its_text_at_once_and_goes_where_it_was_pasted(page):
    write(page, "Before after")
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    paste(page, files=[("shot.png", "image/png", PNG)])
    dialog = page.get_by_role("dialog", name="Describe the picture")
    expect(dialog.get_by_label("What does it show?")).to_be_focused()
    told = faults(page)
    dialog.get_by_role("button", name="Add picture").click()
    expect(dialog).to_be_visible()  # the text is required
    dialog.get_by_label("What does it show?").fill("The [Save] button")
    page.keyboard.press("Enter")
    expect(status(page)).to_have_text("Storing shot.png…")
    assert page.evaluate("[picture.file.name, picture.alt]") == ["shot.png", "The [Save] button"]
    page.keyboard.press("Control+Home")
    page.keyboard.type("Now ")
    page.evaluate("picture.insert('images/shot.png')")

    assert value(page) == "Now Before ![The \\[Save\\] button](images/shot.png) after"
    assert told == []


def test_a_picture_is_chosen_or_cancelled_or_refused(page):
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Picture…").click()
    chooser.value.set_files({"name": "a.gif", "mimeType": "image/gif", "buffer": b"GIF89a"})
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".cm-content")).to_be_focused()
    paste(page, files=[("a.svg", "image/svg+xml", PNG)])
    expect(status(page)).to_have_text("Not added: a.svg is no PNG, JPEG, WebP or GIF.")
    paste(page, files=[("big.png", "image/png", "AAAA" * 400_000)])
    expect(status(page)).to_have_text(
        "Not added: big.png has 1.1 MiB, and a picture may have 1 MiB."
    )
    paste(page, files=[("a.png", "image/png", PNG)])
    page.get_by_label("What does it show?").fill("A")
    page.keyboard.press("Enter")
    until(page, "window.picture?.alt === 'A'")
    page.evaluate("picture.refuse('it is no picture.')")
    expect(status(page)).to_have_text("Picture not added: it is no picture.")

    assert value(page) == ""


def test_a_picture_is_dropped_where_the_pointer_is(page):
    write(page, "One\n\nTwo")
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(['GIF89a'], 'a.gif', {type: 'image/gif'}));
          const box = document.querySelectorAll('.cm-line')[1].getBoundingClientRect();
          document.querySelectorAll('.cm-line')[1].dispatchEvent(new DragEvent('drop', {
            dataTransfer: data, bubbles: true, cancelable: true, clientX: box.left + 20, clientY: box.top + 5}));
        }"""
    )
    page.get_by_label("What does it show?").fill("A fox")
    page.keyboard.press("Enter")
    until(page, "window.picture?.alt === 'A fox'")
    page.evaluate("picture.insert('images/fox.gif')")

    assert value(page) == "One\n![A fox](images/fox.gif)\nTwo"


def test_the_tables_of_characters_are_the_servers():
    source = (ASSETS.parent / "frontend" / "src" / "editor" / "character_ranges.js").read_text()
    body = re.sub(r'"\s*\+\s*"', "", source.split("RANGES = ")[1])  # strings of several lines
    ranges = dict(re.findall(r'(\w+):\s*"([^"]*)"', body))

    assert ranges == {
        "unseen": f"{characters._UNSEEN} {characters._BLANK_LOOKING}",
        "joining": characters._JOINING,
        "spaceless": characters._SPACELESS,
        "mongolian": characters._MONGOLIAN,
        "han": characters._HAN,
        "rightToLeft": characters._RIGHT_TO_LEFT,
        "emoji": characters._EMOJI,
    }


@given(st.lists(st.text(alphabet=INVISIBLE_AND_SEEN, max_size=12), min_size=40, max_size=40))
@settings(max_examples=10)
def test_what_is_pasted_passes_the_server_and_what_passes_it_is_left_alone(shared, texts):
    cleaned = shared.evaluate(
        "async texts => { const {clean} = await import('/assets/editor.js'); return texts.map(each => clean(each).text) }",
        texts,
    )
    for text, result in zip(texts, cleaned, strict=True):
        assert list(characters.hidden_characters(result)) == []
        if not list(characters.hidden_characters(text)):
            assert result == text
