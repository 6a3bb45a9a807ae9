"""What operators are shown of one learner: places, links, sign-ins. Never a secret."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, Row, select, text
from sqlalchemy.orm import Session

from walkthroughs.ids import now_ms, utc_text
from walkthroughs.models.oauth import OAuthGrant
from walkthroughs.models.servers import McpServer, McpServerUser, PersonalLink
from walkthroughs.models.sign_in import LearnerSession

_PLACES = text(
    """
    SELECT w.title AS walkthrough, p.status::text AS status, p.version,
           (SELECT count(*) FROM walkthrough_steps s
             WHERE s.organization_id = p.organization_id AND s.walkthrough_id = p.walkthrough_id
               AND s.archived_at IS NULL AND p.completed_steps ? s.id) AS completed_steps,
           w.step_count AS total_steps,
           (SELECT count(*) FROM walkthrough_attempts a
             WHERE a.organization_id = p.organization_id
               AND a.mcp_server_user_id = p.mcp_server_user_id
               AND a.walkthrough_id = p.walkthrough_id) AS earlier_attempts,
           p.active_at
      FROM walkthrough_progress p
      JOIN walkthroughs w ON w.organization_id = p.organization_id AND w.id = p.walkthrough_id
     WHERE p.organization_id = :organization_id AND p.mcp_server_user_id = :learner_id
     ORDER BY p.active_at DESC, p.id
    """
)


def learner_facts(session: Session, learner: McpServerUser) -> dict[str, Any]:
    """Return who the learner is, where they are, and by what they are known, for programs."""
    keys = {"organization_id": learner.organization_id, "learner_id": learner.id}
    return {
        "id": learner.id,
        "email": learner.email,
        "created_at": learner.created_at,
        "walkthroughs": [dict(row._mapping) for row in session.execute(_PLACES, keys)],
        "links": [dict(row._mapping) for row in session.execute(_links(learner))],
        "sign_ins": [dict(row._mapping) for row in sign_ins(session, learner)],
        "browsers": [dict(row._mapping) for row in session.execute(_browsers(learner))],
    }


def sign_ins(
    session: Session, learner: McpServerUser, *, only_open: bool = False
) -> list[Row[Any]]:
    """Return id, server, app, host, created_at, last_used_at and ended_at of each sign-in."""
    query = (
        select(
            OAuthGrant.id,
            McpServer.slug.label("server"),
            OAuthGrant.client_name.label("app"),
            OAuthGrant.redirect_host.label("host"),
            OAuthGrant.created_at,
            OAuthGrant.last_used_at,
            OAuthGrant.revoked_at.label("ended_at"),
        )
        .join(McpServer, McpServer.id == OAuthGrant.mcp_server_id)
        .where(
            OAuthGrant.organization_id == learner.organization_id,
            OAuthGrant.mcp_server_user_id == learner.id,
        )
        .order_by(OAuthGrant.last_used_at.desc(), OAuthGrant.id)
    )
    if only_open:
        query = query.where(OAuthGrant.revoked_at.is_(None))
    return list(session.execute(query))


def facts_text(facts: dict[str, Any]) -> str:
    """Return the facts for people."""
    lines = [f"{facts['id']}  {facts['email'] or '-'}  since {utc_text(facts['created_at'])}"]
    lines += [
        f"  {each['walkthrough']}: {each['status'].replace('_', ' ')}, "
        f"{each['completed_steps']} of {each['total_steps']} steps, version {each['version']}, "
        f"last active {utc_text(each['active_at'])}"
        for each in facts["walkthroughs"]
    ]
    lines += [
        f"  link {each['id']} on {each['server']}, made {utc_text(each['created_at'])}{_end(each)}"
        for each in facts["links"]
    ]
    lines += [
        f"  sign-in {each['id']} on {each['server']}, {each['app']} ({each['host']}), "
        f"begun {utc_text(each['created_at'])}, used {utc_text(each['last_used_at'])}{_end(each)}"
        for each in facts["sign_ins"]
    ]
    lines += [
        f"  browser, signed in {utc_text(each['created_at'])}, until {utc_text(each['expires_at'])}"
        for each in facts["browsers"]
    ]
    return "\n".join(lines)


def _end(row: dict[str, Any]) -> str:
    return f", ended {utc_text(row['ended_at'])}" if row["ended_at"] else ""


def _links(learner: McpServerUser) -> Executable:
    return (
        select(
            PersonalLink.id,
            McpServer.slug.label("server"),
            PersonalLink.created_at,
            PersonalLink.revoked_at.label("ended_at"),
        )
        .join(McpServer, McpServer.id == PersonalLink.mcp_server_id)
        .where(
            PersonalLink.organization_id == learner.organization_id,
            PersonalLink.mcp_server_user_id == learner.id,
        )
        .order_by(PersonalLink.created_at, PersonalLink.id)
    )


def _browsers(learner: McpServerUser) -> Executable:
    return (
        select(LearnerSession.created_at, LearnerSession.expires_at)
        .where(
            LearnerSession.organization_id == learner.organization_id,
            LearnerSession.mcp_server_user_id == learner.id,
            LearnerSession.expires_at > now_ms(),
        )
        .order_by(LearnerSession.created_at)
    )
