"""The demo is the example, in a repository of its own, live."""

import subprocess
from pathlib import Path

import pytest
from git import Repo
from sqlalchemy import delete, select

from admin.demo import prepare
from app import add_pages, create_app
from walkthroughs.crypto import hash_token
from walkthroughs.enums import AuthType
from walkthroughs.models import (
    ContentSource,
    McpServer,
    McpServerWalkthrough,
    PersonalLink,
    Walkthrough,
)

EXAMPLE = Path(__file__).parents[2] / "content_repo_example"


def make_demo(settings, times=1):
    app = add_pages(create_app(settings))
    with app.app_context():
        for _ in range(times):
            prepare(app.extensions["handrail"])
    app.extensions["handrail"].database.close()


@pytest.fixture
def demo(database, settings):
    """The demo, made twice: its content repository."""
    make_demo(settings, times=2)
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


def test_a_demo_that_was_cut_short_is_made_whole(database, settings, capsys):
    folder = settings.data_dir / "content-repo"
    unfinished = settings.data_dir / "content-repo.new"
    for each in (folder, unfinished):
        each.mkdir(parents=True)
        (each / "README.md").write_text("half of")
    Repo.init(unfinished, initial_branch="main").close()
    (unfinished / ".git" / "index.lock").touch()
    (settings.data_dir / "demo-link").touch()
    make_demo(settings)

    assert not unfinished.exists()
    assert git(folder, "status", "--short") == ""
    with database.transaction() as session:
        assert session.query(Walkthrough).filter_by(is_published=True).count() > 0
        stored = session.scalars(select(PersonalLink.token_hash)).all()
    token = (settings.data_dir / "demo-link").read_text()
    assert hash_token(token) in stored
    assert token in capsys.readouterr().out


def test_what_somebody_has_done_in_the_demos_repository_is_kept(demo, settings):
    (demo / "note.md").write_text("mine")
    git(demo, "checkout", "--quiet", "--orphan", "draft")
    make_demo(settings)

    assert (demo / "note.md").read_text() == "mine"
    assert git(demo, "branch", "--show-current") == "draft"


def git(folder, *words):
    done = subprocess.run(["git", "-C", folder, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_demo_whose_database_was_made_anew_has_a_link_that_works(demo, database, settings):
    before = (settings.data_dir / "demo-link").read_text()
    with database.transaction() as session:
        session.execute(delete(PersonalLink))
    make_demo(settings)

    assert (settings.data_dir / "demo-link").read_text() != before
