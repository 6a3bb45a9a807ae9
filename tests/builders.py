"""Rows and values for tests, with defaults for what a test does not care about."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from sync.format.folder import read_folder
from sync.format.parse import parse_repository
from walkthroughs.content.problems import Problem
from walkthroughs.content.values import AuthoredWalkthrough, StepContent, WalkthroughContent
from walkthroughs.learning.caller import Caller
from walkthroughs.models import McpServer, McpServerUser, OAuthGrant, Organization
from walkthroughs.publishing import assignments, create, writer
from walkthroughs.publishing.origin import Origin

DASHBOARD = Origin(author="ana@acme.example")


def step(name: str, **fields: object) -> StepContent:
    return StepContent(**{"id": name, "title": name.title(), "content": f"Do {name}.", **fields})


def content(*names: str, id: str = "deploy", **fields: object) -> WalkthroughContent:
    """A walkthrough with the named steps (default: one, two, three)."""
    steps = tuple(step(name) for name in names or ("one", "two", "three"))
    return WalkthroughContent(**{"id": id, "title": "Deploy", "steps": steps, **fields})


def texts(files: dict[str, bytes]) -> list[AuthoredWalkthrough]:
    """What the parser makes of *files* when it keeps the texts."""
    kept: list[AuthoredWalkthrough] = []
    parse_repository(files, lambda authored: kept.append(authored) or len(kept))
    return kept


def problems_in(folder: Path) -> tuple[Problem, ...]:
    """Every problem of the content under *folder*, in file order."""
    return parse_repository(read_folder(folder)).problems


def organization(session: Session, slug: str = "acme") -> Organization:
    row = Organization(slug=slug, name=slug.title())
    session.add(row)
    session.flush()
    return row


def server(session: Session, organization_id: str, slug: str = "acme", **fields) -> McpServer:
    """An MCP server that holds nobody back, so that tests walk as fast as they can."""
    wanted = {"slug": slug, "name": slug.title(), "pace_seconds": 0, **fields}
    row = McpServer(organization_id=organization_id, **wanted)
    session.add(row)
    session.flush()
    return row


def learner(session: Session, organization_id: str, email: str = "lea@x.example") -> McpServerUser:
    row = McpServerUser(organization_id=organization_id, email=email)
    session.add(row)
    session.flush()
    return row


def sign_in(
    session: Session, server: McpServer, who: McpServerUser, app: str = "Claude"
) -> OAuthGrant:
    """A learner's sign-in with an app, without tokens."""
    row = OAuthGrant(
        organization_id=server.organization_id,
        mcp_server_id=server.id,
        mcp_server_user_id=who.id,
        client_id=f"id-of-{app}",
        client_name=app,
        redirect_host="localhost",
    )
    session.add(row)
    session.flush()
    return row


def walkthrough(
    session: Session,
    organization_id: str,
    wanted: WalkthroughContent | None = None,
    *,
    published: bool = True,
    server_id: str | None = None,
    origin: Origin = DASHBOARD,
) -> str:
    """Create a walkthrough through the publishing writer; return its row id."""
    made = create.create(
        session, organization_id, wanted or content(), origin, is_published=published
    )
    if server_id:
        assignments.assign(session, organization_id, server_id, [made.walkthrough_id])
    return made.walkthrough_id


def show(session: Session, organization_id: str, walkthrough_id: str, published: bool) -> None:
    """Show a walkthrough of the dashboard to learners, or hide it."""
    writer.change(
        session,
        organization_id,
        walkthrough_id,
        lambda live: live,
        DASHBOARD,
        is_published=published,
    )


def new_course(
    session: Session, wanted: WalkthroughContent | None = None, slug: str = "acme"
) -> tuple[Caller, str]:
    """One organization, server, learner and published walkthrough: (caller, walkthrough id)."""
    org = organization(session, slug)
    srv = server(session, org.id, slug)
    who = learner(session, org.id)
    return Caller(org.id, srv.id, who.id), walkthrough(session, org.id, wanted, server_id=srv.id)
