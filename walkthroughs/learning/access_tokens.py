"""Whether an access token counts on a server: the one rule, as SQL."""

from __future__ import annotations


def grant_of_token_sql(organization: str, server: str, token_hash: str, now: str) -> str:
    """Return FROM and WHERE of the token `t` and its grant `g`, if the token counts, in SQL.

    It counts until it expires or its grant is ended. Whether the server has sign-in at all is known
    from the server itself.

    Args:
        organization: the expression for the organization's id.
        server: the expression for the server's id.
        token_hash: the expression for the hash of the token.
        now: the expression for the time, in epoch milliseconds.
    """
    return f"""
      FROM oauth_tokens t
      JOIN oauth_grants g ON g.organization_id = t.organization_id AND g.id = t.oauth_grant_id
     WHERE t.token_hash = {token_hash} AND t.kind = 'access' AND t.expires_at > {now}
       AND t.organization_id = {organization} AND g.mcp_server_id = {server}
       AND g.revoked_at IS NULL
"""
