"""Pictures that steps name are kept with their walkthrough."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "walkthrough_images",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("walkthrough_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "octet_length(data) <= 1048576",
            name=op.f("ck_walkthrough_images_at_most_one_mebibyte"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organization_id", "walkthrough_id"],
            ["walkthroughs.organization_id", "walkthroughs.id"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "walkthrough_id", "sha256"),
    )
    op.create_index(
        op.f("ix_walkthrough_images_organization_id_sha256"),
        "walkthrough_images",
        ["organization_id", "sha256"],
    )
    # Pictures are compressed already.
    op.execute("ALTER TABLE walkthrough_images ALTER COLUMN data SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_table("walkthrough_images")
