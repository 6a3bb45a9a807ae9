"""The demo is the example, in a repository of its own, live."""

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import select

from admin.demo import prepare
from app import add_pages, create_app
from walkthroughs.enums import AuthType
from walkthroughs.models import ContentSource, McpServer, McpServerWalkthrough, Walkthrough

EXAMPLE = Path(__file__).parents[2] / "content_repo_example"


@pytest.fixture
def demo(database, settings):
    """The demo, made twice: its content repository."""
    app = add_pages(create_app(settings))
    with app.app_context():
        prepare(app.extensions["handrail"])
        prepare(app.extensions["handrail"])
    app.extensions["handrail"].database.close()
    return settings.data_dir / "content-repo"


def test_the_demo_has_a_second_server_with_sign_in_that_offers_every_walkthrough(demo, database):
    with database.transaction() as session:
        servers = {server.slug: server for server in session.scalars(select(McpServer))}
        offered = {
            slug: session.query(McpServerWalkthrough).filter_by(mcp_server_id=server.id).count()
            for slug, server in servers.items()
        }

    assert {slug: server.auth_type for slug, server in servers.items()} == {
        "acme": AuthType.PERSONAL_LINK,
        "academy": AuthType.OAUTH,
    }
    assert offered["academy"] == len(list(EXAMPLE.glob("walkthroughs/*")))
    assert "HANDRAIL_SMTP_URL=console:" in (demo.parent / "demo.env").read_text()


def test_the_demo_has_every_file_of_the_example_and_its_walkthroughs_are_live(demo, database):
    listed = subprocess.run(
        ["git", "-C", demo, "ls-files"], capture_output=True, text=True, check=True
    ).stdout.split()
    files = [path.relative_to(EXAMPLE) for path in EXAMPLE.rglob("*") if path.is_file()]
    with database.transaction() as session:
        live = session.scalars(select(Walkthrough).where(Walkthrough.is_published)).all()
        (source,) = session.scalars(select(ContentSource)).all()

    assert ".github/workflows/walkthroughs.yml" in listed
    assert sorted(listed) == sorted(path.as_posix() for path in files)
    assert len(live) == len(list(EXAMPLE.glob("walkthroughs/*")))
    assert source.problems == ()
