"""Personal links: a secret address is the learner. Only the hash of the secret is stored."""

from __future__ import annotations

import secrets

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from walkthroughs.addresses import EMAIL_PATTERN
from walkthroughs.crypto import hash_token
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models import McpServer, McpServerUser, PersonalLink

_new_learner_id = id_factory("msu")


def create_link(session: Session, server_slug: str, email: str) -> str:
    """Make a link for the learner *email* on a server; return its secret, for the only time.

    The learner is made if the server's organization does not know them yet.

    Raises:
        NotFound: there is no such server.
        HandrailError: that is not an e-mail address.
    """
    server = session.scalar(select(McpServer).where(McpServer.slug == server_slug))
    if server is None:
        raise NotFound(
            f'There is no MCP server "{server_slug}". Look up its slug in the dashboard.'
        )
    if not EMAIL_PATTERN.fullmatch(email):
        raise HandrailError(f'"{email}" is not an e-mail address, such as lea@example.com.')
    token = secrets.token_urlsafe(32)
    session.add(
        PersonalLink(
            organization_id=server.organization_id,
            mcp_server_id=server.id,
            mcp_server_user_id=_learner(session, server.organization_id, email.lower()),
            token_hash=hash_token(token),
        )
    )
    session.flush()
    return token


def revoke_links(session: Session, server_slug: str, email: str) -> int:
    """End all links of a learner on a server; return how many there were."""
    of_learner = (
        select(PersonalLink.id)
        .join(McpServer, McpServer.id == PersonalLink.mcp_server_id)
        .join(McpServerUser, McpServerUser.id == PersonalLink.mcp_server_user_id)
        .where(McpServer.slug == server_slug, McpServerUser.email == email.lower())
    )
    ended = session.scalars(
        update(PersonalLink)
        .where(PersonalLink.id.in_(of_learner), PersonalLink.revoked_at.is_(None))
        .values(revoked_at=now_ms())
        .returning(PersonalLink.id)
    )
    return len(ended.all())


def _learner(session: Session, organization_id: str, email: str) -> str:
    session.execute(
        insert(McpServerUser)
        .values(
            id=_new_learner_id(),
            organization_id=organization_id,
            email=email,
            created_at=now_ms(),
        )
        .on_conflict_do_nothing(index_elements=["organization_id", "email"])
    )
    query = select(McpServerUser.id).where(
        McpServerUser.organization_id == organization_id, McpServerUser.email == email
    )
    return session.scalars(query).one()
