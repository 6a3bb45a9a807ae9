"""Sign-ins of learners in apps, as operators speak of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.orm import Session

from walkthroughs.audit.record import Event, record
from walkthroughs.enums import AuthType
from walkthroughs.errors import HandrailError, NotFound
from walkthroughs.identity import grants
from walkthroughs.identity.learners import find_learner
from walkthroughs.identity.providers import find_provider, only_provider
from walkthroughs.identity.servers import find_server
from walkthroughs.models.oauth import OAuthCode, OAuthGrant
from walkthroughs.models.servers import McpServer, McpServerUser
from walkthroughs.settings import Settings


def list_grants(session: Session, server_slug: str) -> list[Row[Any]]:
    """Return id, email, client_name, redirect_host, created_at, last_used_at and revoked_at.

    Of a learner without an e-mail address, `email` is the id.

    Raises:
        NotFound: there is no such server.
    """
    server = find_server(session, server_slug)
    query = (
        select(
            OAuthGrant.id,
            func.coalesce(McpServerUser.email, McpServerUser.id).label("email"),
            OAuthGrant.client_name,
            OAuthGrant.redirect_host,
            OAuthGrant.created_at,
            OAuthGrant.last_used_at,
            OAuthGrant.revoked_at,
        )
        .join(McpServerUser, McpServerUser.id == OAuthGrant.mcp_server_user_id)
        .where(OAuthGrant.mcp_server_id == server.id)
        .order_by(OAuthGrant.created_at, OAuthGrant.id)
    )
    return list(session.execute(query))


def count_open(session: Session, server: McpServer) -> int:
    """Return how many sign-ins go on at the server."""
    query = select(func.count(OAuthGrant.id)).where(
        OAuthGrant.organization_id == server.organization_id,
        OAuthGrant.mcp_server_id == server.id,
        OAuthGrant.revoked_at.is_(None),
    )
    return session.scalar(query) or 0


def end_one(session: Session, grant_id: str) -> None:
    """End the sign-in with this id.

    Raises:
        NotFound: there is none, or it has ended.
    """
    ended = grants.end(session, OAuthGrant.id == grant_id)
    record_ended(session, ended)
    if not ended:
        raise NotFound(f'There is no sign-in "{grant_id}" that goes on. See: flask sign-ins list')


def end_of_learner(session: Session, server_slug: str, named: str) -> int:
    """End all sign-ins of a learner, by e-mail address or id; return how many there were.

    Raises:
        NotFound: there is no such server, or its organization has no such learner.
    """
    server = find_server(session, server_slug)
    learner = find_learner(session, server.organization_id, named)
    of_learner = OAuthGrant.mcp_server_user_id == learner.id
    ended = grants.end(session, OAuthGrant.mcp_server_id == server.id, of_learner)
    record_ended(session, ended)
    return len(ended)


def set_auth(
    session: Session,
    settings: Settings,
    server: McpServer,
    auth_type: AuthType,
    provider: str | None = None,
) -> None:
    """Change how the learners of a server are known. Sign-ins of the way before end.

    Args:
        session: of a transaction.
        settings: whether e-mail can be sent.
        server: a row of the session.
        auth_type: the new way, or that of now.
        provider: where learners sign in by `oidc`, by its name; by default where they do now, else
            at the only one that the organization has.

    Raises:
        NotFound: the server's organization has no such provider.
        HandrailError: learners would get their codes by e-mail, and none can be sent; or `oidc`
            and a provider do not come together.
    """
    if auth_type is AuthType.OAUTH and settings.smtp_url is None:
        raise HandrailError(
            "Learners would sign in with codes by e-mail, and this installation cannot send any. "
            "Set HANDRAIL_SMTP_URL and HANDRAIL_MAIL_FROM, then try again."
        )
    before = (server.auth_type, server.oidc_provider_id)
    provider_id = _provider_id(session, server, auth_type, provider)
    server.auth_type, server.oidc_provider_id = auth_type, provider_id
    if before != (auth_type, provider_id):
        grants.end(session, OAuthGrant.mcp_server_id == server.id)
        # Those that were given a moment ago, and not exchanged yet.
        session.execute(delete(OAuthCode).where(OAuthCode.mcp_server_id == server.id))


def _provider_id(
    session: Session, server: McpServer, auth_type: AuthType, provider: str | None
) -> str | None:
    if auth_type is not AuthType.OIDC:
        if provider is not None:
            raise HandrailError("Only a server with --auth oidc has a provider.")
        return None
    if provider is not None:
        return find_provider(session, server.organization_id, provider).id
    return server.oidc_provider_id or only_provider(session, server.organization_id).id


def record_ended(session: Session, grant_ids: Sequence[str]) -> None:
    """Let the audit tell that these sign-ins were ended, by the actor of the session."""
    query = (
        select(OAuthGrant, McpServer.name)
        .join(McpServer, McpServer.id == OAuthGrant.mcp_server_id)
        .where(OAuthGrant.id.in_(grant_ids))
    )
    rows = session.execute(query).all() if grant_ids else []
    record(
        session,
        *(
            Event(
                grant.organization_id,
                "sign-in.end",
                grant.id,
                name,
                None,
                {"learner": grant.mcp_server_user_id, "app": grant.client_name},
            )
            for grant, name in rows
        ),
    )
