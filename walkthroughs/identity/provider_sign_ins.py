"""Sign-ins that are at a provider now: in the database, so that any process can go on."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from walkthroughs.crypto import hash_token
from walkthroughs.identity.openid_client import Secrets
from walkthroughs.identity.provider_metadata import ProviderMetadata
from walkthroughs.identity.sign_in_server import SignInServer
from walkthroughs.ids import now_ms
from walkthroughs.models.oidc import OidcSignIn

#: A person may have to choose a new password there, or to find their phone.
MINUTES = 30


@dataclass(frozen=True, slots=True)
class Underway:
    """A sign-in whose answer has come. It cannot be taken again."""

    provider_id: str
    nonce: str
    verifier: str
    metadata: ProviderMetadata
    page: str


def begin(
    session: Session,
    server: SignInServer,
    provider_id: str,
    metadata: ProviderMetadata,
    made: Secrets,
    browser: str,
    page: str,
) -> None:
    """Store a sign-in that *browser* takes to a provider, to go on at the address *page*."""
    session.execute(delete(OidcSignIn).where(OidcSignIn.expires_at < now_ms()))
    row = OidcSignIn(
        organization_id=server.organization_id,
        mcp_server_id=server.id,
        oidc_provider_id=provider_id,
        state_hash=hash_token(made.state),
        browser_hash=hash_token(browser),
        nonce=made.nonce,
        verifier=made.verifier,
        metadata_=metadata.as_json(),
        page=page,
        expires_at=now_ms() + MINUTES * 60_000,
    )
    session.add(row)


def page_of(session: Session, server: SignInServer, state: str) -> str | None:
    """Return where the sign-in with this state goes on; none if it has ended or is another's."""
    found: str | None = session.scalar(select(OidcSignIn.page).where(*_is(server, state)))
    return found


def take(session: Session, server: SignInServer, state: str, browser: str) -> Underway | None:
    """Return the sign-in with this state, and end it; none if it is not that of *browser*."""
    row = session.execute(
        delete(OidcSignIn)
        .where(*_is(server, state), OidcSignIn.browser_hash == hash_token(browser))
        .returning(
            OidcSignIn.oidc_provider_id,
            OidcSignIn.nonce,
            OidcSignIn.verifier,
            OidcSignIn.metadata_,
            OidcSignIn.page,
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    provider_id, nonce, verifier, metadata, page = row
    return Underway(provider_id, nonce, verifier, ProviderMetadata(**metadata), page)


def _is(server: SignInServer, state: str) -> tuple[ColumnElement[bool], ...]:
    return (
        OidcSignIn.state_hash == hash_token(state),
        OidcSignIn.organization_id == server.organization_id,
        OidcSignIn.mcp_server_id == server.id,
        OidcSignIn.expires_at > now_ms(),
    )
