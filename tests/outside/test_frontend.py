"""The dashboard's scripts are what their sources and the lock file make."""

import hashlib
import json
import re
from pathlib import Path

from tests.outside.node import run_node

ROOT = Path(__file__).parents[2]
STATIC, SOURCES = ROOT / "admin" / "static", ROOT / "admin" / "frontend"
FACTS = json.loads((STATIC / "frontend.json").read_text())


def test_the_scripts_are_built_from_the_sources_that_are_here(tmp_path):
    built = run_node(SOURCES / "build.mjs", str(tmp_path))
    assert built.returncode == 0, built.stderr

    differing = [
        each.name
        for each in tmp_path.iterdir()
        if each.read_bytes() != (STATIC / each.name).read_bytes()
    ]
    assert differing == [], "say `make frontend`, and commit what it writes"


def test_each_file_has_the_hash_that_is_told():
    hashes = {
        name: hashlib.sha256((STATIC / name).read_bytes()).hexdigest() for name in FACTS["sha256"]
    }

    assert hashes == FACTS["sha256"]
    assert set(hashes) >= {
        "editor.js",
        "save.js",
        "reorder.js",
        "keys.js",
        "toast.js",
        "htmx.js",
        "live.js",
        "icons.svg",
    }


def test_each_package_has_its_version_from_the_lock_and_its_licence():
    locked = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    wanted = json.loads((SOURCES / "package.json").read_text())["dependencies"]
    licences = (STATIC / "licences.txt").read_text()

    assert [each for each in wanted.values() if not re.fullmatch(r"\d+\.\d+\.\d+", each)] == []
    for each in FACTS["packages"]:
        if (
            each["name"] != "@tabler/icons"
        ):  # its drawings are copied, and its version stands beside them
            assert locked[f"node_modules/{each['name']}"]["version"] == each["version"]
        assert f"{each['name']} {each['version']}" in licences
        assert each["license"] in {"MIT", "0BSD"}


def test_the_scripts_stay_small():
    assert (STATIC / "editor.js").stat().st_size < 450_000
    assert sum((STATIC / name).stat().st_size for name in FACTS["sha256"]) < 632_000
