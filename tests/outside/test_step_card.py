"""The page of the step card is what its sources and the lock file make."""

import hashlib
import json
import re

from tests.outside.node import run_node
from tests.outside.test_frontend import ROOT, SOURCES
from walkthroughs.content import html_rules

CARD = ROOT / "walkthroughs" / "mcp_server" / "card"
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
