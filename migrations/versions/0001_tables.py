"""All tables of the first release."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organization",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("slug", name=op.f("uq_organization_slug")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("email", name=op.f("uq_user_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_user_fs_uniquifier")),
    )
    op.create_table(
        "content_sources",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("synced_commit", sa.Text(), nullable=True),
        sa.Column("synced_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "problems",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_content_sources_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_sources")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_content_sources_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id", "name", name=op.f("uq_content_sources_organization_id_name")
        ),
    )
    op.create_table(
        "mcp_server_user",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_mcp_server_user_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mcp_server_user")),
        sa.UniqueConstraint(
            "organization_id", "email", name=op.f("uq_mcp_server_user_organization_id_email")
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_mcp_server_user_organization_id_id")
        ),
    )
    op.create_table(
        "mcp_servers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("custom_domain", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=True),
        sa.Column("auth_type", sa.Enum("personal_link", name="mcp_server_auth"), nullable=False),
        sa.Column("walkthrough_tools_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_mcp_servers_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mcp_servers")),
        sa.UniqueConstraint("custom_domain", name=op.f("uq_mcp_servers_custom_domain")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_mcp_servers_organization_id_id")
        ),
        sa.UniqueConstraint("slug", name=op.f("uq_mcp_servers_slug")),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Enum("owner", "editor", "viewer", name="member_role"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_member_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_member_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_member_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "user_id", name=op.f("uq_member_organization_id_user_id")
        ),
    )
    op.create_table(
        "personal_links",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mcp_server_id", sa.Text(), nullable=False),
        sa.Column("mcp_server_user_id", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "mcp_server_id"],
            ["mcp_servers.organization_id", "mcp_servers.id"],
            name=op.f("fk_personal_links_organization_id_mcp_server_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "mcp_server_user_id"],
            ["mcp_server_user.organization_id", "mcp_server_user.id"],
            name=op.f("fk_personal_links_organization_id_mcp_server_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_personal_links_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_links")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_personal_links_organization_id_id")
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_personal_links_token_hash")),
    )
    op.create_table(
        "walkthroughs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("first_step_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "tags",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("estimated_minutes", sa.Integer(), nullable=True),
        sa.Column("step_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "source_id"],
            ["content_sources.organization_id", "content_sources.id"],
            name=op.f("fk_walkthroughs_organization_id_source_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_walkthroughs_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walkthroughs")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_walkthroughs_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "source_id",
            "external_id",
            name=op.f("uq_walkthroughs_organization_id_source_id_external_id"),
        ),
    )
    op.create_table(
        "mcp_server_walkthroughs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mcp_server_id", sa.Text(), nullable=False),
        sa.Column("walkthrough_id", sa.Text(), nullable=False),
        sa.Column("display_order", sa.BigInteger(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("assigned_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "mcp_server_id"],
            ["mcp_servers.organization_id", "mcp_servers.id"],
            name=op.f("fk_mcp_server_walkthroughs_organization_id_mcp_server_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "walkthrough_id"],
            ["walkthroughs.organization_id", "walkthroughs.id"],
            name=op.f("fk_mcp_server_walkthroughs_organization_id_walkthrough_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_mcp_server_walkthroughs_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mcp_server_walkthroughs")),
        sa.UniqueConstraint(
            "mcp_server_id",
            "walkthrough_id",
            name=op.f("uq_mcp_server_walkthroughs_mcp_server_id_walkthrough_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_mcp_server_walkthroughs_organization_id_id")
        ),
    )
    op.create_index(
        op.f("ix_mcp_server_walkthroughs_walkthrough_id"),
        "mcp_server_walkthroughs",
        ["walkthrough_id"],
        unique=False,
    )
    op.create_table(
        "walkthrough_steps",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("walkthrough_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("section_title", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("agent_instructions", sa.Text(), nullable=True),
        sa.Column("verify", sa.Text(), nullable=True),
        sa.Column("next_step_id", sa.Text(), nullable=True),
        sa.Column("display_order", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("walkthrough_id"), "="),
            where=sa.text("next_step_id IS NULL AND archived_at IS NULL"),
            deferrable="True",
            initially="DEFERRED",
            using="btree",
            name="ex_walkthrough_steps_one_last",
        ),
        sa.CheckConstraint(
            "archived_at IS NULL OR next_step_id IS NULL",
            name=op.f("ck_walkthrough_steps_archived_is_off_the_chain"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "walkthrough_id", "next_step_id"],
            [
                "walkthrough_steps.organization_id",
                "walkthrough_steps.walkthrough_id",
                "walkthrough_steps.id",
            ],
            name="fk_walkthrough_steps_next_step_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "walkthrough_id"],
            ["walkthroughs.organization_id", "walkthroughs.id"],
            name=op.f("fk_walkthrough_steps_organization_id_walkthrough_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_walkthrough_steps_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walkthrough_steps")),
        sa.UniqueConstraint(
            "next_step_id",
            deferrable=True,
            initially="DEFERRED",
            name=op.f("uq_walkthrough_steps_next_step_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_walkthrough_steps_organization_id_id")
        ),
        sa.UniqueConstraint(
            "organization_id",
            "walkthrough_id",
            "id",
            name=op.f("uq_walkthrough_steps_organization_id_walkthrough_id_id"),
        ),
        sa.UniqueConstraint(
            "walkthrough_id",
            "external_id",
            "revision",
            name=op.f("uq_walkthrough_steps_walkthrough_id_external_id_revision"),
        ),
    )
    op.create_table(
        "walkthrough_versions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("walkthrough_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("step_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("git_commit", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "walkthrough_id"],
            ["walkthroughs.organization_id", "walkthroughs.id"],
            name=op.f("fk_walkthrough_versions_organization_id_walkthrough_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_walkthrough_versions_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walkthrough_versions")),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_walkthrough_versions_organization_id_id")
        ),
        sa.UniqueConstraint(
            "walkthrough_id", "number", name=op.f("uq_walkthrough_versions_walkthrough_id_number")
        ),
    )
    op.create_table(
        "walkthrough_progress",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("mcp_server_user_id", sa.Text(), nullable=False),
        sa.Column("walkthrough_id", sa.Text(), nullable=False),
        sa.Column("mcp_server_id", sa.Text(), nullable=False),
        sa.Column("current_step_id", sa.Text(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("not_started", "in_progress", "completed", name="walkthrough_status"),
            server_default="not_started",
            nullable=False,
        ),
        sa.Column(
            "completed_steps",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("active_at", sa.BigInteger(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "mcp_server_id"],
            ["mcp_servers.organization_id", "mcp_servers.id"],
            name=op.f("fk_walkthrough_progress_organization_id_mcp_server_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "mcp_server_user_id"],
            ["mcp_server_user.organization_id", "mcp_server_user.id"],
            name=op.f("fk_walkthrough_progress_organization_id_mcp_server_user_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "walkthrough_id", "current_step_id"],
            [
                "walkthrough_steps.organization_id",
                "walkthrough_steps.walkthrough_id",
                "walkthrough_steps.id",
            ],
            name="fk_walkthrough_progress_current_step_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "walkthrough_id"],
            ["walkthroughs.organization_id", "walkthroughs.id"],
            name=op.f("fk_walkthrough_progress_organization_id_walkthrough_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organization.id"],
            name=op.f("fk_walkthrough_progress_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walkthrough_progress")),
        sa.UniqueConstraint(
            "mcp_server_user_id",
            "walkthrough_id",
            name=op.f("uq_walkthrough_progress_mcp_server_user_id_walkthrough_id"),
        ),
        sa.UniqueConstraint(
            "organization_id", "id", name=op.f("uq_walkthrough_progress_organization_id_id")
        ),
        postgresql_with={"fillfactor": 80},
    )
    op.create_foreign_key(
        "fk_walkthroughs_first_step_id",
        "walkthroughs",
        "walkthrough_steps",
        ["organization_id", "id", "first_step_id"],
        ["organization_id", "walkthrough_id", "id"],
        deferrable=True,
        initially="DEFERRED",
    )


def downgrade() -> None:
    op.drop_constraint("fk_walkthroughs_first_step_id", "walkthroughs")
    op.drop_table("walkthrough_progress")
    op.drop_table("walkthrough_versions")
    op.drop_table("walkthrough_steps")
    op.drop_index(
        op.f("ix_mcp_server_walkthroughs_walkthrough_id"), table_name="mcp_server_walkthroughs"
    )
    op.drop_table("mcp_server_walkthroughs")
    op.drop_table("walkthroughs")
    op.drop_table("personal_links")
    op.drop_table("member")
    op.drop_table("mcp_servers")
    op.drop_table("mcp_server_user")
    op.drop_table("content_sources")
    op.drop_table("user")
    op.drop_table("organization")
    for name in ("walkthrough_status", "mcp_server_auth", "member_role"):
        sa.Enum(name=name).drop(op.get_bind())
