"""A place outlives the server on which it was begun."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_TABLES = ("walkthrough_progress", "walkthrough_attempts")


def upgrade() -> None:
    for table in _TABLES:
        op.alter_column(table, "mcp_server_id", existing_type=sa.Text(), nullable=True)
        _set_key(table, None)


def downgrade() -> None:
    for table in _TABLES:
        # Where they began is not known any more: the first server of the organization stands in.
        op.execute(
            f"""
            UPDATE {table} t SET mcp_server_id = (
                SELECT s.id FROM mcp_servers s WHERE s.organization_id = t.organization_id
                 ORDER BY s.created_at, s.id LIMIT 1)
             WHERE t.mcp_server_id IS NULL
            """  # noqa: S608  constants
        )
        op.execute(f"DELETE FROM {table} WHERE mcp_server_id IS NULL")  # noqa: S608  constants
        _set_key(table, "CASCADE")
        op.alter_column(table, "mcp_server_id", existing_type=sa.Text(), nullable=False)


def _set_key(table: str, ondelete: str | None) -> None:
    name = op.f(f"fk_{table}_organization_id_mcp_server_id")
    op.drop_constraint(name, table, type_="foreignkey")
    op.create_foreign_key(
        name,
        table,
        "mcp_servers",
        ["organization_id", "mcp_server_id"],
        ["organization_id", "id"],
        ondelete=ondelete,
    )
