"""What several processes of one bot know of each other's persons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "asked",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("asked", sa.Float(53), nullable=False, index=True),
        sa.PrimaryKeyConstraint("user_id", name="pk_asked"),
    )
    op.create_table(
        "places",
        sa.Column("request_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False, index=True),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("called", sa.Float(53)),
        sa.Column("running", sa.Boolean(), nullable=False),
        sa.Column("until", sa.Float(53), nullable=False, index=True),
        sa.PrimaryKeyConstraint("request_id", "attachment_id", name="pk_places"),
    )


def downgrade() -> None:
    """Delete the tables, and all that is in them."""
    op.drop_table("places")
    op.drop_table("asked")
