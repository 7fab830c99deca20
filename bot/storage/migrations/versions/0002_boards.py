"""Boards: what counts, its sums, the songs of each server, time zones, and who stays out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOODS = ("aggressive", "dramatic", "happy", "romantic", "sad")


def upgrade() -> None:
    """Add the tables; `bot.storage.migrating` counts what is recorded already."""
    op.add_column("jobs", sa.Column("home_channel_id", sa.BigInteger()))
    op.add_column("records", sa.Column("home_channel_id", sa.BigInteger()))
    op.add_column(
        "records",
        sa.Column("counted_seconds", sa.Float(53), nullable=False, server_default=sa.text("0")),
    )
    op.execute("UPDATE jobs SET home_channel_id = channel_id WHERE guild_id IS NOT NULL")
    op.execute("UPDATE records SET home_channel_id = channel_id WHERE guild_id IS NOT NULL")
    op.drop_index("ix_records_user_id", "records")
    op.create_index(
        "ix_records_user_id_guild_id_heard_at", "records", ["user_id", "guild_id", "heard_at"]
    )
    op.create_index(
        "ix_records_user_id_guild_id_song_id_heard_at",
        "records",
        ["user_id", "guild_id", "song_id", "heard_at"],
    )
    op.add_column(
        "guild_settings", sa.Column("time_zone", sa.Text(), nullable=False, server_default="UTC")
    )
    op.add_column("guild_settings", sa.Column("digest_channel_id", sa.BigInteger()))
    op.add_column("guild_settings", sa.Column("digested", sa.Integer()))
    op.create_table(
        "standings",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *_sums(),
        sa.Index("ix_standings_user_id_guild_id", "user_id", "guild_id"),
        sa.PrimaryKeyConstraint("guild_id", "period", "starts_on", "user_id", name="pk_standings"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "guild_weeks",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("monday", sa.Integer(), autoincrement=False, nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("guild_id", "monday", name="pk_guild_weeks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "guild_songs",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("song_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("home_channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_at", sa.Float(53), nullable=False),
        sa.Column("confidence", sa.Float(53), nullable=False),
        *(sa.Column(f"share_{mood}", sa.Float(53), nullable=False) for mood in _MOODS),
        *(
            sa.Index(
                f"ix_guild_songs_{mood}",
                *("guild_id", f"share_{mood}", "confidence", "song_id"),
                *("home_channel_id", "last_at"),
            )
            for mood in _MOODS
        ),
        sa.PrimaryKeyConstraint("guild_id", "song_id", "home_channel_id", name="pk_guild_songs"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "wishes",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False, index=True),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("unrecorded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "guild_id", name="pk_wishes"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "exclusions",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False, index=True),
        sa.Column("moderator_id", sa.BigInteger()),
        sa.Column("since", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "user_id", name="pk_exclusions"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Delete the tables; all that was recorded stays."""
    for table in ("exclusions", "wishes", "guild_songs", "guild_weeks", "standings"):
        op.drop_table(table)
    for column in ("digested", "digest_channel_id", "time_zone"):
        op.drop_column("guild_settings", column)
    op.drop_index("ix_records_user_id_guild_id_song_id_heard_at", "records")
    op.drop_index("ix_records_user_id_guild_id_heard_at", "records")
    op.create_index("ix_records_user_id", "records", ["user_id"])
    op.drop_column("records", "counted_seconds")
    op.drop_column("records", "home_channel_id")
    op.drop_column("jobs", "home_channel_id")


def _sums() -> list[sa.Column[int]]:
    return [
        sa.Column("songs", sa.Integer(), nullable=False),
        sa.Column("ms_total", sa.BigInteger(), nullable=False),
        *(sa.Column(f"ms_{mood}", sa.BigInteger(), nullable=False) for mood in _MOODS),
    ]
