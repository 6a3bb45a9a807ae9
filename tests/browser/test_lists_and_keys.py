"""Lists that are arranged, keys of the page and htmx in a browser, under the policy of the dashboard."""

import pytest
from playwright.sync_api import expect
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from tests.browser.conftest import faults
from tests.browser.static_pages import open_page, pages_served, until

PART = """<p id="loaded" hx-on:click="document.title = 'ran'">Loaded</p><script>told.push("ran")</script>"""


@pytest.fixture(scope="module")
def origin():
    def find(request):
        word = request.query_params["q"]
        return JSONResponse([{"label": f"Deploy {word}", "kind": "Walkthrough", "url": "#deploy"}])

    routes = [Route("/find", find), Route("/part", lambda _: HTMLResponse(PART))]
    with pages_served(*routes) as served:
        yield served


def opened(browser, origin, **options):
    page = open_page(browser, f"{origin}/pages/lists.html", **options)
    page.locator("[data-handle][aria-pressed]").first.wait_for()
    return page


@pytest.fixture(scope="module")
def shared(browser, origin):
    page = opened(browser, origin)
    yield page
    page.context.close()


@pytest.fixture
def page(shared, origin):
    shared.goto("about:blank")
    shared.goto(f"{origin}/pages/lists.html")
    shared.locator("[data-handle][aria-pressed]").first.wait_for()
    yield shared
    assert shared.told + shared.evaluate("told") == []


def order(page):
    return page.evaluate(
        "[...document.querySelectorAll('[data-list]')].map(list => [...list.children].map(row => row.dataset.item))"
    )


def live(page):
    return page.locator("[data-reorder] > [role=status]")


def test_a_row_is_lifted_moved_and_dropped_by_keys_and_each_is_told(page):
    handle = page.get_by_role("button", name="Move Brew", exact=True)
    handle.focus()
    page.keyboard.press("Space")
    expect(live(page)).to_contain_text("Lifted Brew. Step 3 of 5, in Start.")
    expect(handle).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowDown")
    expect(live(page)).to_have_text("Step 3 of 5, in Make it fast")
    page.keyboard.press("ArrowDown")
    expect(live(page)).to_have_text("Step 4 of 5, in Make it fast")
    page.keyboard.press("Space")
    expect(live(page)).to_have_text("Dropped. Step 4 of 5, in Make it fast")

    expect(handle).to_be_focused()
    assert order(page) == [["ask", "boil"], ["cool", "brew", "drink"]]
    assert page.evaluate("moves") == [
        [{"step": "brew", "after": "cool", "section": "Make it fast"}]
    ]
    expect(page.locator("[data-item=drink] [data-number]")).to_have_text("5")


def test_escape_puts_the_row_back_and_home_and_end_take_it_to_the_ends(page):
    page.get_by_role("button", name="Move Boil", exact=True).focus()
    page.keyboard.press("Space")
    page.keyboard.press("End")
    expect(live(page)).to_have_text("Step 5 of 5, in Make it fast")
    page.keyboard.press("Escape")
    expect(live(page)).to_have_text("Put back. Step 2 of 5, in Start")
    assert (order(page)[0], page.evaluate("moves")) == (["ask", "boil", "brew"], [])
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert order(page)[0] == ["boil", "ask", "brew"]
    assert page.evaluate("moves") == [[{"step": "boil", "after": None, "section": "Start"}]]


def test_a_move_is_undone_by_the_button_and_by_control_z(page):
    for undo in ("button", "key"):
        page.get_by_role("button", name="Move Drink up").click()
        assert order(page)[1] == ["drink", "cool"]
        if undo == "button":
            page.get_by_role("button", name="Undo").click()
        else:
            page.keyboard.press("Control+z")
        assert order(page)[1] == ["cool", "drink"]
    expect(page.get_by_role("button", name="Move Drink", exact=True)).to_be_focused()
    assert page.evaluate("moves.length") == 4
    assert page.evaluate("moves[3]") == [
        {"step": "drink", "after": "cool", "section": "Make it fast"}
    ]


def test_a_section_moves_with_all_its_rows(page):
    page.get_by_role("button", name="Move section Make it fast").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    expect(live(page)).to_have_text("Section 1 of 2")
    page.keyboard.press("Space")

    assert order(page) == [["cool", "drink"], ["ask", "boil", "brew"]]
    assert page.evaluate("moves") == [
        [
            {"step": "cool", "after": None, "section": "Make it fast"},
            {"step": "drink", "after": "cool", "section": "Make it fast"},
        ]
    ]


def test_a_row_goes_to_a_place_that_is_chosen_in_a_dialog(page):
    page.get_by_role("button", name="Move Ask to…").click()
    page.get_by_label("Section", exact=True).select_option("Make it fast")
    page.get_by_label("Place in the section").fill("2")
    told = faults(page)
    page.get_by_role("button", name="Move", exact=True).click()
    until(page, "moves.length === 1")

    assert order(page) == [["boil", "brew"], ["cool", "ask", "drink"]]
    assert told == []


def test_a_row_is_dragged_by_mouse(page):
    source = page.get_by_role("button", name="Move Ask", exact=True).bounding_box()
    page.mouse.move(source["x"] + 10, source["y"] + 10)
    page.mouse.down()
    page.mouse.move(source["x"] + 12, source["y"] + 40, steps=4)
    expected = [["boil", "brew"], ["cool", "drink", "ask"]]
    for _ in range(20):  # rows give way while it moves: as a person does, go on until it is there
        if order(page) == expected:
            break
        target = page.locator("[data-item=drink]").bounding_box()
        page.mouse.move(target["x"] + 30, target["y"] + target["height"] - 4, steps=4)
    line = page.locator(".reorder-place").bounding_box()
    page.mouse.up()

    assert line["height"] < 10
    until(page, "moves.length === 1")
    assert order(page) == expected


def test_a_row_is_dragged_by_touch_and_off_the_handle_the_page_scrolls(browser, origin):
    page = opened(browser, origin, has_touch=True, viewport={"width": 390, "height": 500})
    session = page.context.new_cdp_session(page)

    def swipe(x, y, to):
        points = [(x, y + (to - y) * part / 10) for part in range(11)]
        session.send(
            "Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]}
        )
        for px, py in points:
            session.send(
                "Input.dispatchTouchEvent",
                {"type": "touchMove", "touchPoints": [{"x": px, "y": py}]},
            )
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    handle = page.get_by_role("button", name="Move Ask", exact=True).bounding_box()
    brew = page.locator("[data-item=brew]").bounding_box()
    swipe(handle["x"] + 10, handle["y"] + 10, brew["y"] + brew["height"] - 4)
    until(page, "moves.length === 1")
    assert order(page)[0] == ["boil", "brew", "ask"]
    label = page.locator("[data-item=ask] [data-label]").bounding_box()
    swipe(label["x"] + 60, label["y"] + 10, 20)
    until(page, "scrollY > 0")
    assert order(page)[0] == ["boil", "brew", "ask"]
    page.context.close()


def test_the_palette_goes_to_pages_and_does_actions_by_keys(page):
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox")
    expect(box).to_be_focused()
    expect(page.get_by_role("option")).to_have_text(
        ["WalkthroughsPage", "ServersPage", "Publish changesAction"]
    )
    told = faults(page)
    page.keyboard.type("pub")
    page.keyboard.press("Enter")
    page.wait_for_function("published === 1")  # once the dialog is closed
    page.get_by_label("Search").focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("tea")
    expect(page.get_by_role("option")).to_have_text(["Deploy teaWalkthrough"])
    page.keyboard.press("Escape")
    expect(page.get_by_label("Search")).to_be_focused()
    assert told == []


def test_keys_do_what_the_page_says_and_nothing_while_somebody_types(page):
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("New walkthrough")
    expect(dialog).to_contain_text("Publish")
    told = faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("n?/")
    assert page.evaluate("location.hash") == ""
    expect(page.get_by_label("Search")).to_have_value("n?/")
    page.keyboard.press("Control+Enter")
    assert page.evaluate("published") == 1
    page.get_by_label("Search").blur()
    page.keyboard.press("n")
    assert page.evaluate("location.hash") == "#new"
    assert told == []


def test_htmx_loads_a_part_and_runs_no_code_of_it(page):
    page.get_by_role("button", name="Load").click()
    page.locator("#loaded").click()

    assert page.title() == "Steps"
    assert set(page.told) == {"htmx:evalDisallowedError"}  # it says what it did not run
    page.told.clear()


def test_everybody_can_use_the_lists_in_each_look(page):
    page.get_by_role("button", name="Move Drink up").click()
    told = faults(page)
    page.get_by_role("button", name="Move Ask", exact=True).focus()
    page.keyboard.press("Space")
    told += faults(page)

    assert told == []
