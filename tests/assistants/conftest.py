"""A served organization with the example content, and a run of each assistant in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from git import Repo
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.applications import Starlette

from sync.sync_source import sync_source
from tests.assistants.assistant import Assistant
from tests.assistants.clients import ASSISTANTS, SIGNING_IN
from tests.assistants.report import Findings
from tests.authors import ANA
from tests.builders import organization, server
from tests.conftest import empty
from tests.serving import served
from walkthroughs.database.pool import Database, connect
from walkthroughs.identity.links import create_link
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.models import ContentSource, McpServerUser, Walkthrough, WalkthroughStep
from walkthroughs.publishing import assignments
from walkthroughs.settings import Settings

#: The pace of the server `paced`; that of `acme` holds nobody back.
PACE_SECONDS = 2
_FINDINGS = pytest.StashKey[Findings]()
_PAGE = Path(__file__).parents[2] / "docs" / "assistants.md"
_EXAMPLE = Path(__file__).parents[2] / "content_repo_example"


@dataclass(frozen=True)
class Taught:
    """A served organization: where learners connect, and what they are taught."""

    origin: str
    database: Database
    walkthrough_id: str
    steps: list[WalkthroughStep]

    def address(self, learner: str, slug: str = "acme") -> str:
        """Make a personal link for a learner; return its whole address."""
        with self.database.transaction() as session:
            token = create_link(session, slug, f"{learner}@x.example")
        return f"{self.origin}/s/{slug}/mcp/u/{token}"

    def learner(self, session: Session, learner: str) -> str:
        """Return the id of a learner who has a link."""
        query = select(McpServerUser.id).where(McpServerUser.email == f"{learner}@x.example")
        return session.scalars(query).one()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that wants an assistant with each of them, in turn."""
    for name, wanted in (("assistant", ASSISTANTS), ("signing_in", SIGNING_IN)):
        if name in metafunc.fixturenames:
            names = [each.slug for each in wanted]
            metafunc.parametrize(name, wanted, ids=names, scope="session", indirect=True)


def _installed(request: pytest.FixtureRequest) -> Assistant:
    asked: Assistant = request.param
    if asked.program() is None:
        pytest.skip(f"{asked.name} has no build for this processor.")
    return asked


assistant = pytest.fixture(_installed, scope="session", name="assistant")
signing_in = pytest.fixture(_installed, scope="session", name="signing_in")


@pytest.fixture(scope="session")
def acme(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taught]:
    """The example content, synced from a repository and served."""
    folder = tmp_path_factory.mktemp("acme")
    settings = Settings(
        data_dir=folder / "var",
        database_url=postgres,
        given_secret_key="a-secret-for-tests-only",
        base_url="http://localhost:8000",
        allow_local_repositories=True,
    )
    empty(postgres)
    database = connect(postgres)
    walkthrough_id = _sync_example(database, settings, folder / "content")
    endpoint = build_endpoint(database, settings)
    with served(Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan())) as at:
        yield Taught(at, database, walkthrough_id, _steps(database, walkthrough_id))
    database.close()


def _sync_example(database: Database, settings: Settings, folder: Path) -> str:
    shutil.copytree(_EXAMPLE, folder)
    with Repo.init(folder, initial_branch="main") as repository:
        repository.git.add("--all")
        repository.index.commit("Start", author=ANA, committer=ANA)
    with database.transaction() as session:
        owner = organization(session)
        server(session, owner.id, instructions="Ask Ana when Git says no.")
        paced = server(session, owner.id, "paced", pace_seconds=PACE_SECONDS)
        paced_id = paced.id
        source = ContentSource(organization_id=owner.id, name="content", url=str(folder))
        session.add(source)
        session.flush()
        source_id = source.id
    sync_source(database, settings, source_id)
    with database.transaction() as session:
        name = "write-your-first-walkthrough"
        row = session.scalars(select(Walkthrough).where(Walkthrough.external_id == name)).one()
        assignments.assign(session, row.organization_id, paced_id, [row.id])
        return row.id


def _steps(database: Database, walkthrough_id: str) -> list[WalkthroughStep]:
    with database.transaction() as session:
        of_walkthrough = WalkthroughStep.walkthrough_id == walkthrough_id
        query = (
            select(WalkthroughStep).where(of_walkthrough).order_by(WalkthroughStep.display_order)
        )
        steps = list(session.scalars(query))
        session.expunge_all()
        return steps


@pytest.fixture(scope="session")
def findings(pytestconfig: pytest.Config) -> Findings:
    """What the tests measure, for docs/assistants.md."""
    return pytestconfig.stash.setdefault(_FINDINGS, Findings())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Write docs/assistants.md if all of it was measured; say whether it was."""
    if found := config.stash.get(_FINDINGS, None):
        terminalreporter.write_line(found.write_page(_PAGE))
