"""The demo organization: Acme, its server, owner, learner and content repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
from flask.cli import with_appcontext
from git import Actor, Repo
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.access.accounts import create_owner
from sync.sync_source import sync_source
from walkthroughs.addresses import ADMIN, personal_link, server_address
from walkthroughs.command_group import Command
from walkthroughs.crypto import hash_token
from walkthroughs.database import migrations
from walkthroughs.enums import AuthType
from walkthroughs.identity.links import create_link
from walkthroughs.models import (
    ContentSource,
    McpServer,
    McpServerWalkthrough,
    Organization,
    PersonalLink,
    Walkthrough,
)
from walkthroughs.publishing.assignments import assign
from walkthroughs.runtime import Runtime, runtime
from walkthroughs.settings import Settings, keep
from walkthroughs.whole_files import write_whole

_EXAMPLE = Path(__file__).parent.parent / "content_repo_example"
_SLUG = "acme"
#: The server whose learners sign in.
_ACADEMY = "academy"
_OWNER = "owner@acme.example"
_LEARNER = "you@acme.example"
_AUTHOR = Actor("Handrail demo", "demo@acme.example")


@click.command("demo", cls=Command)
@with_appcontext
def demo_cli() -> None:
    """Make the demo: an organization, its content and its accounts. Keep what exists."""
    parts = runtime()
    migrations.upgrade(parts.database)
    prepare(parts)


def prepare(parts: Runtime) -> None:
    """Make the missing parts of the demo, sync its content, and print how to connect."""
    folder = _content_repository(parts.settings)
    keep(parts.settings)
    with parts.database.transaction() as session:
        organization = _organization(session)
        source_id = _source(session, organization.id, folder)
        password = create_owner(session, organization.id, _OWNER)
        _academy(session, organization.id)
    address = _learner_address(parts)
    sync_source(parts.database, parts.settings, source_id)
    with parts.database.transaction() as session:
        _offer_at_academy(session, organization.id)
    click.echo(_greeting(parts.settings, folder, address, password))


def _content_repository(settings: Settings) -> Path:
    """Return the demo's content repository; make it from the example if it is missing.

    The repository comes last and whole: what this finds is kept, whatever state it is in.
    """
    folder = settings.data_dir / "content-repo"
    if not (folder / ".git").exists():
        unfinished = folder.with_name("content-repo.new")
        shutil.rmtree(unfinished, ignore_errors=True)  # one that was cut short
        shutil.copytree(_EXAMPLE, unfinished)
        with Repo.init(unfinished, initial_branch="main") as repository:
            repository.git.add("--all")
            repository.index.commit(
                "Start with the example walkthroughs", author=_AUTHOR, committer=_AUTHOR
            )
        shutil.copytree(_EXAMPLE, folder, dirs_exist_ok=True)
        (unfinished / ".git").rename(folder / ".git")
    shutil.rmtree(folder.with_name("content-repo.new"), ignore_errors=True)
    return folder


def _organization(session: Session) -> Organization:
    existing: Organization | None = session.scalar(
        select(Organization).where(Organization.slug == _SLUG)
    )
    if existing is not None:
        return existing
    organization = Organization(slug=_SLUG, name="Acme")
    session.add(organization)
    session.flush()
    session.add(McpServer(organization_id=organization.id, slug=_SLUG, name="Acme"))
    session.flush()
    return organization


def _academy(session: Session, organization_id: str) -> None:
    if session.scalar(select(McpServer.id).where(McpServer.slug == _ACADEMY)) is None:
        session.add(
            McpServer(
                organization_id=organization_id,
                slug=_ACADEMY,
                name="Acme Academy",
                auth_type=AuthType.OAUTH,
            )
        )
        session.flush()


def _offer_at_academy(session: Session, organization_id: str) -> None:
    """Assign every walkthrough that was never assigned there."""
    server_id = session.scalars(select(McpServer.id).where(McpServer.slug == _ACADEMY)).one()
    offered = select(McpServerWalkthrough.walkthrough_id).where(
        McpServerWalkthrough.mcp_server_id == server_id
    )
    new = select(Walkthrough.id).where(
        Walkthrough.organization_id == organization_id, Walkthrough.id.not_in(offered)
    )
    assign(session, organization_id, server_id, list(session.scalars(new.order_by(Walkthrough.id))))


def _source(session: Session, organization_id: str, folder: Path) -> str:
    query = select(ContentSource.id).where(
        ContentSource.organization_id == organization_id, ContentSource.name == "content-repo"
    )
    existing = session.scalar(query)
    if existing is not None:
        return existing
    source = ContentSource(organization_id=organization_id, name="content-repo", url=str(folder))
    session.add(source)
    session.flush()
    return source.id


def _learner_address(parts: Runtime) -> str:
    """Return the demo learner's link. The demo keeps it, since the database holds only its hash."""
    path = parts.settings.data_dir / "demo-link"
    token = path.read_text() if path.exists() else ""
    with parts.database.transaction() as session:
        known = select(PersonalLink.id).where(PersonalLink.token_hash == hash_token(token))
        is_new = session.scalar(known) is None
        if is_new:
            token = create_link(session, _SLUG, _LEARNER)
    if is_new:
        write_whole(path, token.encode())
    return personal_link(parts.settings.base_url, _SLUG, token)


def _greeting(settings: Settings, folder: Path, address: str, password: str | None) -> str:
    once = f"  with the password {password}  (shown only now)" if password else ""
    return f"""
Dashboard    {settings.base_url}{ADMIN}/
Sign in      {_OWNER}{once}
Content      {folder}  (commit there: it is live within seconds)
MCP server   {server_address(settings.base_url, _SLUG)}  (anyone may list)
Your own     {address}
With sign-in {server_address(settings.base_url, _ACADEMY)}  (the code by e-mail is printed here)

Claude Code  claude mcp add --transport http acme {address}
Cursor       ~/.cursor/mcp.json    {{"mcpServers": {{"acme": {{"url": "{address}"}}}}}}
VS Code      .vscode/mcp.json      {{"servers": {{"acme": {{"type": "http", "url": "{address}"}}}}}}

Then say to your assistant: "Which walkthroughs are there? Let's start one."
"""
