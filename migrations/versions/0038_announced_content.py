"""What a server offers is announced when it changes, by the transaction that changes it."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# Rows are written by forms, by commands and by bulk inserts of a sync: here they all pass. Equal
# notifications of one transaction are one. Each names one server, so that none is too long.
_FUNCTIONS = (
    """
CREATE FUNCTION announce_walkthrough() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('content', a.organization_id || '/' || a.mcp_server_id || '\\:lists')
       FROM mcp_server_walkthroughs a
      WHERE a.organization_id = NEW.organization_id AND a.walkthrough_id = NEW.id
        AND a.is_enabled;
    RETURN NULL;
END
$$
""",
    """
CREATE FUNCTION announce_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.is_enabled THEN
        PERFORM pg_notify('content', OLD.organization_id || '/' || OLD.mcp_server_id || '\\:lists');
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.is_enabled THEN
        PERFORM pg_notify('content', NEW.organization_id || '/' || NEW.mcp_server_id || '\\:lists');
    END IF;
    RETURN NULL;
END
$$
""",
    """
CREATE FUNCTION announce_switch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('content', NEW.organization_id || '/' || NEW.id || '\\:tools');
    RETURN NULL;
END
$$
""",
)
_TRIGGERS = (
    """
CREATE TRIGGER announced AFTER UPDATE OF version, is_published, archived_at, external_id
    ON walkthroughs FOR EACH ROW
  WHEN ((OLD.version, OLD.is_published, OLD.archived_at IS NULL, OLD.external_id)
        IS DISTINCT FROM
        (NEW.version, NEW.is_published, NEW.archived_at IS NULL, NEW.external_id)
        AND (OLD.is_published AND OLD.archived_at IS NULL
             OR NEW.is_published AND NEW.archived_at IS NULL))
  EXECUTE FUNCTION announce_walkthrough()
""",
    """
CREATE TRIGGER announced AFTER INSERT OR DELETE
    ON mcp_server_walkthroughs FOR EACH ROW
  EXECUTE FUNCTION announce_assignment()
""",
    """
CREATE TRIGGER announced_change
 AFTER UPDATE OF is_enabled, display_order, walkthrough_id, mcp_server_id
    ON mcp_server_walkthroughs FOR EACH ROW
  WHEN ((OLD.is_enabled, OLD.display_order, OLD.walkthrough_id, OLD.mcp_server_id)
        IS DISTINCT FROM
        (NEW.is_enabled, NEW.display_order, NEW.walkthrough_id, NEW.mcp_server_id))
  EXECUTE FUNCTION announce_assignment()
""",
    """
CREATE TRIGGER announced AFTER UPDATE OF walkthrough_tools_enabled
    ON mcp_servers FOR EACH ROW
  WHEN (OLD.walkthrough_tools_enabled <> NEW.walkthrough_tools_enabled)
  EXECUTE FUNCTION announce_switch()
""",
)


def upgrade() -> None:
    for statement in (*_FUNCTIONS, *_TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    # Their triggers go with them.
    for name in ("announce_walkthrough", "announce_assignment", "announce_switch"):
        op.execute(f"DROP FUNCTION {name}() CASCADE")
