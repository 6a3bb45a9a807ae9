"""Personal links: a secret address is the learner. Only the hash of the secret is stored."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from walkthroughs.addresses import EMAIL_PATTERN
from walkthroughs.audit.record import Event, record, record_many
from walkthroughs.crypto import hash_token
from walkthroughs.errors import HandrailError
from walkthroughs.identity.learners import find_learner, learner_ids
from walkthroughs.identity.servers import find_server
from walkthroughs.ids import id_factory, now_ms
from walkthroughs.models import McpServerUser, PersonalLink

#: The longest address that mail can be sent to (RFC 5321).
_MAX_EMAIL = 254
_new_link_id = id_factory("lnk")


def create_link(session: Session, server_slug: str, email: str) -> str:
    """Make a link for the learner *email* on a server; return its secret, for the only time.

    The learner is made if the server's organization does not know them yet.

    Raises:
        NotFound: there is no such server.
        HandrailError: that is not an e-mail address.
    """
    (token,) = create_links(session, server_slug, [email]).values()
    return token


def create_links(session: Session, server_slug: str, emails: Sequence[str]) -> dict[str, str]:
    """Make a link for each learner; return the secret of each by e-mail address.

    Addresses that differ only in capitals are one. It takes four statements, however many.

    Raises:
        NotFound: there is no such server.
        HandrailError: one of them is not an e-mail address. None is made.
    """
    server = find_server(session, server_slug)
    for email in emails:
        if len(email) > _MAX_EMAIL or not EMAIL_PATTERN.fullmatch(email):
            raise HandrailError(
                f'"{email[:80]}" is not an e-mail address, such as lea@example.com.'
            )
    tokens = {email.lower(): secrets.token_urlsafe(32) for email in emails}
    learners = learner_ids(session, server.organization_id, list(tokens))
    rows = [
        {
            "id": _new_link_id(),
            "organization_id": server.organization_id,
            "mcp_server_id": server.id,
            "mcp_server_user_id": learners[email],
            "token_hash": hash_token(token),
        }
        for email, token in tokens.items()
    ]
    session.execute(plain_insert(PersonalLink), rows)
    record_many(
        session,
        [
            Event(
                server.organization_id,
                "link.create",
                row["id"],
                server.name,
                None,
                {"learner": row["mcp_server_user_id"]},
            )
            for row in rows
        ],
    )
    return tokens


def list_links(session: Session, server_slug: str) -> list[Row[Any]]:
    """Return id, email, created_at and revoked_at of each link on a server, oldest first.

    Of a learner without an e-mail address, `email` is the id.

    Raises:
        NotFound: there is no such server.
    """
    server = find_server(session, server_slug)
    query = (
        select(
            PersonalLink.id,
            func.coalesce(McpServerUser.email, McpServerUser.id).label("email"),
            PersonalLink.created_at,
            PersonalLink.revoked_at,
        )
        .join(McpServerUser, McpServerUser.id == PersonalLink.mcp_server_user_id)
        .where(PersonalLink.mcp_server_id == server.id)
        .order_by(PersonalLink.created_at, PersonalLink.id)
    )
    return list(session.execute(query))


def revoke_links(session: Session, server_slug: str, learner: str) -> int:
    """End all links of a learner, by e-mail address or id; return how many there were.

    Raises:
        NotFound: there is no such server, or its organization has no such learner.
    """
    server = find_server(session, server_slug)
    found = find_learner(session, server.organization_id, learner)
    ended = session.execute(
        update(PersonalLink)
        .where(
            PersonalLink.mcp_server_id == server.id,
            PersonalLink.mcp_server_user_id == found.id,
            PersonalLink.revoked_at.is_(None),
        )
        .values(revoked_at=now_ms())
        .returning(PersonalLink.id, PersonalLink.mcp_server_user_id)
    ).all()
    if ended:
        record(
            session,
            *(
                Event(
                    server.organization_id,
                    "link.end",
                    row.id,
                    server.name,
                    None,
                    {"learner": row.mcp_server_user_id},
                )
                for row in ended
            ),
        )
    return len(ended)
