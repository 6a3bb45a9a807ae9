"""Sign-ins of learners in apps: codes, tokens, and their end. The caller owns the transaction."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from walkthroughs.crypto import hash_token
from walkthroughs.enums import TokenKind
from walkthroughs.identity.refresh_rule import Use, judge_use
from walkthroughs.identity.request_limits import LimitReached
from walkthroughs.identity.sign_in_server import SignInServer
from walkthroughs.ids import now_ms
from walkthroughs.models.oauth import OAuthCode, OAuthGrant, OAuthToken

CODE_SECONDS = 60
ACCESS_SECONDS = 8 * 3600
REFRESH_SECONDS = 90 * 24 * 3600
#: Of one sign-in. Each makes two tokens.
REFRESHES_AN_HOUR = 120
_HOUR_MS = 3600 * 1000
#: How long a code is kept after it ended, so that its replay is noticed.
_CODE_KEPT_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an app gets for a code or a refresh token."""

    access: str
    refresh: str


def new_code() -> str:
    """Return a new code for what a learner allows. Only its hash is stored."""
    return f"hrc_{secrets.token_urlsafe(32)}"


def store_code(
    session: Session, server: SignInServer, learner_id: str, code: str, **asked: str
) -> None:
    """Store what a learner has allowed, under the hash of *code*; drop what ended long ago.

    *asked* are client_id, client_name, redirect_uri, redirect_host, challenge and resource.
    """
    now = now_ms()
    session.execute(delete(OAuthCode).where(OAuthCode.expires_at < now - _CODE_KEPT_MS))
    session.execute(delete(OAuthToken).where(OAuthToken.expires_at < now - _CODE_KEPT_MS))
    row = OAuthCode(
        organization_id=server.organization_id,
        mcp_server_id=server.id,
        mcp_server_user_id=learner_id,
        code_hash=hash_token(code),
        expires_at=now + CODE_SECONDS * 1000,
        **asked,
    )
    session.add(row)


def find_code(session: Session, server_id: str, client_id: str, code: str) -> OAuthCode | None:
    """Lock and return what was allowed; none if the code does not count.

    A code that is used again ends what it was exchanged for.
    """
    row: OAuthCode | None = session.scalar(
        select(OAuthCode)
        .where(
            OAuthCode.code_hash == hash_token(code),
            OAuthCode.mcp_server_id == server_id,
            OAuthCode.client_id == client_id,
        )
        .with_for_update()
    )
    if row is None:
        return None
    if row.oauth_grant_id is not None:
        end(session, OAuthGrant.id == row.oauth_grant_id)
        return None
    return row if row.expires_at > now_ms() else None


def redeem(session: Session, code: OAuthCode) -> Tokens:
    """Exchange a code, which is locked, for tokens of a new grant."""
    grant = OAuthGrant(
        organization_id=code.organization_id,
        mcp_server_id=code.mcp_server_id,
        mcp_server_user_id=code.mcp_server_user_id,
        client_id=code.client_id,
        client_name=code.client_name,
        redirect_host=code.redirect_host,
    )
    session.add(grant)
    session.flush()
    code.oauth_grant_id = grant.id
    return _new_tokens(session, grant)


def find_refresh(
    session: Session, server_id: str, token: str
) -> tuple[OAuthToken, OAuthGrant] | None:
    """Return a refresh token and its grant, which is locked; none if the token does not count.

    One that is used again for too long or too often ends its grant.
    """
    found = session.execute(
        select(OAuthToken, OAuthGrant)
        .join(OAuthGrant, OAuthGrant.id == OAuthToken.oauth_grant_id)
        .where(
            OAuthToken.token_hash == hash_token(token),
            OAuthToken.kind == TokenKind.REFRESH,
            OAuthGrant.mcp_server_id == server_id,
            OAuthGrant.revoked_at.is_(None),
        )
        .with_for_update(of=(OAuthGrant, OAuthToken))
    ).one_or_none()
    if found is None or found.OAuthToken.expires_at <= now_ms():
        return None
    row, grant = found.OAuthToken, found.OAuthGrant
    if judge_use(row.used_at, row.uses, now_ms()) is Use.REPLAY:
        end(session, OAuthGrant.id == grant.id)
        return None
    return row, grant


def rotate(session: Session, token: OAuthToken, grant: OAuthGrant) -> Tokens:
    """Exchange a refresh token that `find_refresh` has returned for new tokens.

    Raises:
        LimitReached: the app has asked for so many within the hour that it fills the table.
    """
    now = now_ms()
    of_grant = (
        OAuthToken.organization_id == grant.organization_id,
        OAuthToken.oauth_grant_id == grant.id,
    )
    lately = select(func.count()).where(*of_grant, OAuthToken.created_at > now - _HOUR_MS)
    if (session.scalar(lately) or 0) >= 2 * REFRESHES_AN_HOUR:
        raise LimitReached(_HOUR_MS // 1000)
    if token.used_at is None:
        token.used_at = now
    else:
        token.uses += 1
    grant.last_used_at = now
    expired = delete(OAuthToken).where(*of_grant, OAuthToken.expires_at < now)
    session.execute(expired.execution_options(synchronize_session=False))
    return _new_tokens(session, grant)


def find_token(
    session: Session, server_id: str, token: str
) -> tuple[OAuthToken, OAuthGrant] | None:
    """Return a token of either kind and its grant; none if the server has no such token."""
    found = session.execute(
        select(OAuthToken, OAuthGrant)
        .join(OAuthGrant, OAuthGrant.id == OAuthToken.oauth_grant_id)
        .where(OAuthToken.token_hash == hash_token(token), OAuthGrant.mcp_server_id == server_id)
    ).one_or_none()
    return (found.OAuthToken, found.OAuthGrant) if found else None


def revoke(session: Session, token: OAuthToken) -> None:
    """End an access token; with a refresh token, the whole sign-in."""
    if token.kind is TokenKind.REFRESH:
        end(session, OAuthGrant.id == token.oauth_grant_id)
    else:
        session.delete(token)


def end(session: Session, *conditions: ColumnElement[bool]) -> Sequence[str]:
    """End the sign-ins that meet all *conditions*; return the ids of those that went on."""
    ended = (
        update(OAuthGrant)
        .where(*conditions, OAuthGrant.revoked_at.is_(None))
        .values(revoked_at=now_ms())
        .returning(OAuthGrant.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalars(ended).all()


def _new_tokens(session: Session, grant: OAuthGrant) -> Tokens:
    tokens = Tokens(f"hra_{secrets.token_urlsafe(32)}", f"hrr_{secrets.token_urlsafe(32)}")
    for kind, token, seconds in (
        (TokenKind.ACCESS, tokens.access, ACCESS_SECONDS),
        (TokenKind.REFRESH, tokens.refresh, REFRESH_SECONDS),
    ):
        row = OAuthToken(
            organization_id=grant.organization_id,
            oauth_grant_id=grant.id,
            kind=kind,
            token_hash=hash_token(token),
            expires_at=now_ms() + seconds * 1000,
        )
        session.add(row)
    return tokens
