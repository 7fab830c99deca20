"""What people hear, what moderators did, and which servers the bot has left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "opinions",
        sa.Column("record_id", _KEY, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False, index=True),
        sa.Column("mood", sa.Text(), nullable=False),
        sa.Column("said_at", sa.Float(53), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["records.id"], name="fk_opinions_record_id_records", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("record_id", "user_id", name="pk_opinions"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("moderator_id", sa.BigInteger(), index=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), index=True),
        sa.Column("title", sa.Text()),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Index("ix_audit_guild_id_id", "guild_id", "id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "departures",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("left_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_departures"),
    )


def downgrade() -> None:
    """Delete the tables, and all that is in them."""
    for table in ("departures", "audit", "opinions"):
        op.drop_table(table)
