"""What would have to change before organizations could be on several databases: it only shrinks."""

import re
from pathlib import Path

from sqlalchemy import text

from tests.db.test_migrations import current

__all__ = ["current"]

DOCS = Path(__file__).parents[2] / "docs" / "analytics.md"
SCALE = DOCS.with_name("scale.md")
#: Tables whose primary key is one of ids alone, which are unique in practice but not held to be.
PRIMARY = {
    "audit_events",
    "client_documents",
    "content_sources",
    "editor_presence",
    "invitations",
    "kept_copies",
    "learner_identities",
    "learner_sessions",
    "mcp_server_user",
    "mcp_server_walkthroughs",
    "mcp_servers",
    "member",
    "oauth_codes",
    "oauth_grants",
    "oauth_tokens",
    "oidc_providers",
    "oidc_sign_ins",
    "personal_links",
    "proposals",
    "search_words",
    "server_calls",
    "sign_in_codes",
    "sync_runs",
    "walkthrough_attempts",
    "walkthrough_drafts",
    "walkthrough_progress",
    "walkthrough_steps",
    "walkthrough_versions",
    "walkthroughs",
}
#: Keys by which a request finds its organization: they must be unique among all of them.
FINDS_ORGANIZATION = {
    "uq_invitations_token_hash",
    "uq_learner_sessions_token_hash",
    "uq_mcp_servers_slug",
    "uq_mcp_servers_verified_domain",
    "uq_oauth_codes_code_hash",
    "uq_oauth_tokens_token_hash",
    "uq_oidc_sign_ins_state_hash",
    "uq_personal_links_token_hash",
}
#: Keys of rows of one organization, which would begin with it.
WITHIN_ORGANIZATION = {
    "ex_walkthrough_steps_one_last",
    "uq_content_sources_id_run_number",
    "uq_mcp_server_walkthroughs_mcp_server_id_walkthrough_id",
    "uq_proposals_one_open",
    "uq_walkthrough_progress_mcp_server_user_id_walkthrough_id",
    "uq_walkthrough_steps_next_step_id",
    "uq_walkthrough_steps_walkthrough_id_external_id_revision",
    "uq_walkthrough_versions_walkthrough_id_number",
}
TRIGGERS = {"walkthrough_steps_one_chain", "walkthroughs_first_is_head"}
# A shard would hold whole organizations. A key that does not begin with the organization can be
# held by each shard for itself alone, and so can what a trigger asks of other rows.
_KEYS = text(
    """
    WITH owned AS (
        SELECT attrelid FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
         WHERE attname = 'organization_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND c.relnamespace = current_schema()::regnamespace
    )
    SELECT t.relname AS table, i.relname AS key, x.indisprimary AS is_primary,
           ARRAY(SELECT coalesce(a.attname, '')
                   FROM unnest(x.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
                   LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
                  ORDER BY k.place) AS columns
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
     WHERE x.indrelid IN (SELECT attrelid FROM owned) AND (x.indisunique OR x.indisexclusion)
     ORDER BY 1, 2
    """
)
_TRIGGERS = text(
    """
    SELECT t.tgname FROM pg_trigger t
     WHERE NOT t.tgisinternal AND t.tgconstraint <> 0 ORDER BY 1
    """
)


def test_no_further_key_or_trigger_stands_in_the_way_of_sharding(database):
    """Shorten the lists above when a key goes. Let a new key begin with `organization_id`."""
    with database.begin() as connection:
        rows = connection.execute(_KEYS).all()
        triggers = set(connection.execute(_TRIGGERS).scalars())
    alone = [row for row in rows if "organization_id" not in row.columns]

    assert {row.table for row in alone if row.is_primary} == PRIMARY
    keys = {row.key for row in alone if not row.is_primary}
    assert keys == FINDS_ORGANIZATION | WITHIN_ORGANIZATION
    assert triggers == TRIGGERS
    # Events and counts, which grow without end, can be put on shards as they are.
    assert not any(row.table.startswith(("tool_events", "event_", "active_")) for row in alone)


def test_the_manual_names_them():
    named = set(re.findall(r"`(\w+)`", DOCS.read_text()))

    assert named >= FINDS_ORGANIZATION | WITHIN_ORGANIZATION | TRIGGERS


def test_the_statements_of_the_manual_leave_only_keys_that_find_the_organization(current):
    (statements,) = re.findall(r"```sql\n(.*?)```", SCALE.read_text(), re.S)
    with current.begin() as connection:
        with connection.connection.cursor() as cursor:
            cursor.execute(statements)
        rows = connection.execute(_KEYS).all()

    left = {row.key for row in rows if "organization_id" not in row.columns}
    assert left == FINDS_ORGANIZATION
