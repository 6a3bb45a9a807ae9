"""The official conformance suite, against a fixture tenant behind the product's own endpoint."""

import json
import re
import subprocess
from threading import Timer

import pytest
import yaml
from starlette.applications import Starlette

from tests.builders import new_course
from tests.local_names import local_names
from tests.outside.fixture_tools import build_fixture_server
from tests.outside.node import HERE, LOCAL_NAMES, MODULES, NODE, run_node
from tests.outside.person import Person
from tests.serving import free_port, served
from tests.signing_in import academy_served
from tests.waiting import PATIENCE
from walkthroughs.identity.document_reader import DocumentReader
from walkthroughs.mcp_server.endpoint import build_endpoint

__all__ = ["local_names"]

_SUITE = MODULES / "conformance" / "dist" / "index.js"
_EXPECTED = HERE / "expected_failures.yml"
#: How many scenarios each version requires; a suite that runs fewer proves less than it says.
_REQUIRED = {"2025-11-25": 30, "2026-07-28": 37}
#: What all scenarios for authorization servers look at.
_AUTHORIZATION = (
    "authorization-server-metadata",
    "authorization-server-metadata-cimd",
    "authorization-code-grant",
)


@pytest.fixture
def fixture_address(database, settings):
    with database.transaction() as session:
        new_course(session)
    endpoint = build_endpoint(database, settings, build_fixture_server(), streaming=True)
    app = Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan())
    with served(app) as origin:
        yield f"{origin}/s/acme/mcp"


@pytest.mark.parametrize("version", _REQUIRED)
def test_every_required_scenario_passes_but_those_listed(fixture_address, version, tmp_path):
    done = run_node(
        _SUITE, "server", "--url", fixture_address, "--requirements", version, "-o", str(tmp_path)
    )
    summary = done.stdout.partition("=== SUMMARY ===")[2]
    unscored = set(re.findall(r"^  [✓✗] (\S+) \(", summary, re.MULTILINE))
    results = {name: mark for mark, name in re.findall(r"^([✓✗]) (\S+):", summary, re.MULTILINE)}
    required = {name: mark for name, mark in results.items() if name not in unscored}
    failed = {name for name, mark in required.items() if mark == "✗"}

    assert len(required) == _REQUIRED[version], done.stdout + done.stderr
    listed = set(yaml.safe_load(_EXPECTED.read_text())["server"])
    assert failed == (listed if version == "2025-11-25" else set()), done.stdout


@pytest.mark.parametrize(
    ("version", "scenario"),
    [
        ("2025-11-25", "server-initialize"),
        ("2025-11-25", "ping"),
        ("2025-11-25", "tools-list"),
        ("2025-11-25", "dns-rebinding-protection"),
        ("2026-07-28", "tools-list"),
        ("2026-07-28", "http-header-validation"),
        ("2026-07-28", "caching"),
        ("2026-07-28", "sep-2164-resource-not-found"),
    ],
)
def test_the_product_itself_passes_what_applies_to_it(course_server, version, scenario, tmp_path):
    done = run_node(
        _SUITE, "server", "--url", course_server.address, "--scenario", scenario,
        "--spec-version", version, "-o", str(tmp_path),
    )  # fmt: skip
    (checks,) = tmp_path.glob("*/checks.json")
    outcomes = {check["status"] for check in json.loads(checks.read_text())}

    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in outcomes
    assert "FAILURE" not in outcomes


@pytest.mark.parametrize("form", ["path", "own host"])
def test_the_product_passes_all_scenarios_of_an_authorization_server(
    database, settings, local_names, form, tmp_path
):
    """The suite has none for the other half, the resource: it tests that half of clients only."""
    with academy_served(database, settings, DocumentReader()) as academy:
        resource = academy.resource if form == "path" else academy.own_host
        issuer = resource if form == "path" else resource.removesuffix("/mcp")
        port = free_port()
        callback = f"http://127.0.0.1:{port}/callback"
        client_id = academy.register(redirect_uris=[callback])["client_id"]
        status, said = run_signed_in(
            Person(academy), "authorization", "--url", issuer, "--resource", resource,
            "--client-id", client_id, "--port", str(port), "-o", str(tmp_path),
        )  # fmt: skip
    found = [json.loads(path.read_text()) for path in tmp_path.glob("**/checks.json")]
    outcomes = {check["id"]: check["status"] for checks in found for check in checks}

    assert status == 0, said
    assert outcomes == dict.fromkeys(_AUTHORIZATION, "SUCCESS"), said


def run_signed_in(person, *arguments):
    """Run the suite beside a person at a browser; return how it ended and what it printed."""
    with subprocess.Popen(
        [NODE, "--import", LOCAL_NAMES, _SUITE, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        timer = Timer(3 * PATIENCE, process.kill)
        timer.start()
        person.watch(process.stdout)
        timer.cancel()
    return process.returncode, person.said
