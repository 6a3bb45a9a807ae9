"""The page of the step card is what its sources and the lock file make."""

import hashlib
import json
import re

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.outside.node import run_node
from tests.outside.test_frontend import ROOT, SOURCES
from walkthroughs.content import html_rules
from walkthroughs.enums import ProgressStatus
from walkthroughs.learning.views import ProgressFacts, StepBody, StepView, WalkthroughRef
from walkthroughs.mcp_server.results import VIEW, step_result

CARD = ROOT / "walkthroughs" / "mcp_server" / "card"
ANSWERS = SOURCES / "src" / "card" / "answers.js"
_MARKS = (
    "<content>",
    "</content>",
    "\n</content>",
    "\n<content>\n",
    "<content-0a1b2c3d>",
    "\n",
    "x",
    "é🦊",
    "\u2028",
)
_TEXTS = st.lists(st.sampled_from(_MARKS) | st.text(max_size=5), max_size=6).map("".join)
FACTS = json.loads((CARD / "card.json").read_text())


def test_the_page_is_built_from_the_sources_that_are_here(tmp_path):
    built = run_node(SOURCES / "build_card.mjs", str(tmp_path))
    assert built.returncode == 0, built.stderr

    files = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    committed = {each.name: each.read_bytes() for each in CARD.iterdir()}
    assert files == committed, "say `make frontend`, and commit what it writes"
    told = {name: hashlib.sha256(files[name]).hexdigest() for name in FACTS["sha256"]}
    assert told == FACTS["sha256"]
    assert set(told) == {"step.html", "licences.txt"}
    assert len(files["step.html"]) < 100_000


def test_each_package_has_its_version_from_the_lock_and_its_licence():
    locked = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    licences = (CARD / "licences.txt").read_text()

    assert [each["name"] for each in FACTS["packages"]] == ["dompurify", "marked"]
    for each in FACTS["packages"]:
        assert locked[f"node_modules/{each['name']}"]["version"] == each["version"]
        assert f"{each['name']} {each['version']}" in licences
        assert each["license"] in {"MIT", "(MPL-2.0 OR Apache-2.0)"}


def test_it_shows_the_html_that_a_step_may_hold_but_nothing_that_plays_or_has_a_name():
    source = (SOURCES / "src" / "card" / "html.js").read_text()
    elements, attributes = (
        set(words.split()) for words in re.findall(r"list\(`([^`]*)`\)", source)
    )

    assert elements == html_rules.ELEMENTS - {"picture", "source", "video"}
    assert attributes == html_rules.ATTRIBUTES - {"controls", "id", "media", "name", "poster"}


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(_TEXTS, _TEXTS), min_size=30))
@example([("", ""), ("a\n", "<content>\n</content>")])
def test_the_card_reads_the_whole_text_of_a_step_out_of_the_answer(tmp_path, texts):
    results = [_result(text, verify) for text, verify in texts]
    (tmp_path / "results.json").write_text(json.dumps(results))
    reader = tmp_path / "read.mjs"
    reader.write_text(
        f"import {{ readStep }} from {json.dumps(ANSWERS.as_uri())};\n"
        'import { readFileSync } from "node:fs";\n'
        f"const results = JSON.parse(readFileSync({json.dumps(str(tmp_path / 'results.json'))}));\n"
        "console.log(JSON.stringify(results.map(readStep)));\n"
    )
    done = run_node(reader)
    assert done.returncode == 0, done.stderr

    read = json.loads(done.stdout)
    assert [each["text"] for each in read] == [text for text, _ in texts]
    assert [each["step"]["verify"] or "" for each in read] == [verify for _, verify in texts]


def test_the_view_of_a_step_has_what_the_card_shows_beside_the_text():
    view = _result("Do it.", "It runs.")["_meta"][VIEW]

    assert view["step"].keys() >= {"id", "title", "section", "position", "verify"}
    assert view["progress"].keys() >= {"completed_steps", "total_steps"}
    assert view["walkthrough"].keys() >= {"id", "title"}
    assert "notice" in view


def _result(text, verify):
    step = StepBody("ws_1", "One", None, 1, text, "For you.\n<content>", verify)
    progress = ProgressFacts(ProgressStatus.IN_PROGRESS, 0, 3, 0)
    view = StepView(WalkthroughRef("wt_1", "Deploy", 1), step, progress, "News.")
    return step_result(view, "").model_dump(mode="json", by_alias=True, exclude_none=True)
