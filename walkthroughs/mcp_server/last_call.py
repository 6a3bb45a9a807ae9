"""Note which assistant called a server last: owners wait for the first call, and see who calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg2
from cachetools import TTLCache

from walkthroughs.database.prepared import Prepared, Statement
from walkthroughs.database.unavailable import DatabaseUnavailable
from walkthroughs.ids import now_ms
from walkthroughs.mcp_server.results import VIEW
from walkthroughs.mcp_server.texts import one_line

#: How often a process stores calls of one kind, by one assistant, to one server.
SECONDS = 60.0
_MAX_KEPT = 10_000
_MAX_NAME = 60
_CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
_CONNECTS = frozenset({"initialize", "server/discover"})
#: What is in the name of an assistant or in its `User-Agent`, and what people call it.
_ASSISTANTS = (
    ("claude-code", "Claude Code"),
    ("claude", "Claude"),
    ("openai-mcp", "ChatGPT"),
    ("chatgpt", "ChatGPT"),
    ("cursor", "Cursor"),
    ("visual studio code", "VS Code"),
    ("vscode", "VS Code"),
    ("codex", "Codex"),
    ("gemini-cli", "Gemini CLI"),
)
#: Server, organization, assistant, time, how many walkthroughs it was told of. Who lists does not
#: say who they are in older versions of the protocol: it is who connected a moment ago.
NOTE_CALL = Statement(
    "handrail_note_call",
    ("text", "text", "text", "bigint", "bigint"),
    """
    INSERT INTO server_calls AS c (mcp_server_id, organization_id, client, called_at, listed)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (mcp_server_id) DO UPDATE
       SET client = coalesce(excluded.client,
                             CASE WHEN excluded.called_at - c.called_at < 600000 THEN c.client END),
           called_at = excluded.called_at, listed = excluded.listed
    RETURNING called_at
    """,
)


class CallNotes:
    """Notes calls that connect and calls that list, for one event loop. All others cost nothing.

    Each kind is stored once a minute at most, for each assistant that we know and for all others
    together, so that a busy server writes next to nothing.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._noted: TTLCache[tuple[str, bool, str], bool] = TTLCache(_MAX_KEPT, SECONDS)

    async def note(
        self,
        organization_id: str,
        server_id: str,
        ctx: Any,  # noqa: ANN401  SDK protocol
        result: Mapping[str, Any],
    ) -> None:
        """Store the call if it is one of those; nothing happens if the database is away.

        Args:
            organization_id: whose server it is.
            server_id: the server.
            ctx: the SDK's context of the request.
            result: what is answered.
        """
        is_list = ctx.method == "tools/call"
        if is_list and (ctx.params or {}).get("name") != "list_walkthroughs":
            return
        if not is_list and ctx.method not in _CONNECTS:
            return
        listed = _listed(result) if is_list else None
        if is_list and listed is None:
            return
        client = client_name(ctx.params or {}, ctx.request.headers.get("user-agent", ""))
        known = client if client in dict(_ASSISTANTS).values() else None
        key = (server_id, is_list, known or "")
        if key in self._noted:
            return
        self._noted[key] = True
        noted = (server_id, organization_id, client, now_ms(), listed)
        try:
            await self._prepared.fetch(NOTE_CALL, *noted)
        except (DatabaseUnavailable, psycopg2.IntegrityError):  # the server is deleted
            self._noted.pop(key, None)


def client_name(params: Mapping[str, Any], user_agent: str) -> str | None:
    """Return what people call the assistant that sends a request; none if it does not say.

    Args:
        params: of the request. Whatever it says of itself becomes one short line.
        user_agent: the header of that name.
    """
    meta = params.get("_meta")
    info = params.get("clientInfo") or (meta.get(_CLIENT_INFO) if isinstance(meta, dict) else None)
    info = info if isinstance(info, dict) else {}
    own = [info[key][:200] for key in ("name", "title") if isinstance(info.get(key), str)]
    said = " ".join((*own, user_agent[:200])).lower()
    for part, name in _ASSISTANTS:
        if part in said:
            return name
    shown = one_line(own[-1])[:_MAX_NAME].strip() if own else ""
    return shown.replace("\0", "") or None


def _listed(result: Mapping[str, Any]) -> int | None:
    """Return how many walkthroughs the answer to a list tells of; none if it is an error."""
    facts = (result.get("_meta") or {}).get(VIEW)
    total = facts.get("total") if isinstance(facts, dict) else None
    return total if isinstance(total, int) else None
