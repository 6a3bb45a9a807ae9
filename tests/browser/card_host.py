"""A host of the step card that answers nothing by itself: a page with the card in a sandbox.

It hands over results as hosts do, so that a test sees what the card makes of any of them.
"""

from __future__ import annotations

from html import escape
from typing import Any

from mcp.types import CallToolResult
from playwright.sync_api import Browser, Frame, Page, expect

from tests.browser.conftest import PATIENCE_MS
from tests.browser.static_pages import ROOT, watched
from tests.pictures import stored_picture
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.views import ProgressFacts, StepBody, StepView, WalkthroughRef
from walkthroughs.mcp_server.results import step_result

#: A picture, and a text with all kinds of things, that picture among them.
FOX = stored_picture()
STEP_TEXT = f"""Make a *practice* folder:

```sh
mkdir practice && cd practice && git init --initial-branch=main && echo "a line that is wider than a phone is"
```

![A fox](i/{FOX.name}) ![A cat](https://elsewhere.invalid/cat.png)

| key | does |
|-----|------|
| `q` | ends |

See [the guide](https://guide.example/start).
"""
_CARD = ROOT / "walkthroughs" / "mcp_server" / "card" / "step.html"
#: What a host that declares no origin allows, by the specification of MCP Apps.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'none'"
)
_STYLE = "position: fixed; inset: 0; width: 100%; height: 100%; border: 0"
_SCRIPT = """
const frame = document.querySelector("iframe");
window.asked = [], window.heard = [];
const send = (message) => frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
addEventListener("message", ({ source, data }) => {
  if (source !== frame.contentWindow) return;
  (data.id === undefined ? heard : asked).push(data);
  const hostCapabilities = { serverTools: {}, openLinks: {}, updateModelContext: { text: {} } };
  if (data.method === "ui/initialize") send({ id: data.id, result: { hostCapabilities, hostContext: { theme: "light" } } });
});
const hand = (params) => send({ method: "ui/notifications/tool-result", params });
const open = () => asked.find(({ method, isAnswered }) => method === "tools/call" && !isAnswered);
const tell = (context) => send({ method: "ui/notifications/host-context-changed", params: context });
function answer(given) {
  const call = open();
  call.isAnswered = true;
  send({ id: call.id, ...given });
}
"""


def open_card(browser: Browser) -> tuple[Page, Frame]:
    """Return the host's page and the card in it; its requests and answers are in `asked`."""
    context = browser.new_context(viewport={"width": 640, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    page = watched(context.new_page())
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    card = _CARD.read_text().replace("<head>", f"<head>{policy}", 1)
    page.set_content(
        f'<iframe sandbox="allow-scripts" title="card" style="{_STYLE}" srcdoc="{escape(card)}">'
        f"</iframe><script>{_SCRIPT}</script>"
    )
    page.wait_for_function('heard.some(({ method }) => method === "ui/notifications/initialized")')
    return page, page.frames[-1]


def hand(page: Page, result: CallToolResult) -> None:
    """Hand the card the result of the call that it stands beside, as it is sent."""
    page.evaluate("hand", as_sent(result))


def show_theme(page: Page, theme: str) -> None:
    """Tell the card, as hosts do, that the person has chosen another theme."""
    page.evaluate("tell", {"theme": theme})
    expect(page.frames[-1].locator("html")).to_have_attribute("data-theme", theme)


def answer(page: Page, **given: Any) -> None:
    """Answer the card's call of a tool, once it makes one, with a result or an error."""
    page.wait_for_function("open() !== undefined")
    page.evaluate("answer", given)


def result_of(content: str, **more: Any) -> dict[str, Any]:
    """Return the result of a call that shows the learner a step with *content*, as it is sent.

    *more* are fields of the step, and `notice` and `hurried` of its view.
    """
    values: dict[str, Any] = {
        "id": "ws_1", "title": "One", "section": None, "position": 1, "agent_instructions": None,
        "verify": None,
    }  # fmt: skip
    notice, hurried = more.pop("notice", None), more.pop("hurried", False)
    step = StepBody(content=content, **values | more)
    progress = ProgressFacts(ProgressStatus.IN_PROGRESS, step.position - 1, 3, 0)
    view = StepView(WalkthroughRef("wt_1", "Deploy", 1), step, progress, notice, hurried)
    return as_sent(step_result(view, ""))


def as_sent(result: CallToolResult) -> dict[str, Any]:
    """Return *result* as a client gets it."""
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)
