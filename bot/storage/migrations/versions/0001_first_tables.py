"""The first tables: jobs, songs with their results and records, settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOODS = ("aggressive", "dramatic", "happy", "romantic", "sad")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "jobs",
        sa.Column("request_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False, index=True),
        sa.Column("guild_id", sa.BigInteger()),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.Text()),
        sa.Column("url", sa.Text()),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("more", sa.JSON()),
        sa.Column("application_id", sa.BigInteger()),
        sa.Column("token", sa.Text()),
        sa.Column("expires", sa.Float(53)),
        sa.Column("reply_to", sa.BigInteger()),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("answer_id", sa.BigInteger()),
        sa.Column("post_channel_id", sa.BigInteger()),
        sa.Column("post_message_id", sa.BigInteger()),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("received", sa.Float(53), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Index("ix_jobs_done_received", "done", "received"),
        sa.PrimaryKeyConstraint("request_id", "attachment_id", name="pk_jobs"),
    )
    op.create_table(
        "songs",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("duration", sa.Float(53), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_songs"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "landmarks",
        sa.Column("detail", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("song_id", _KEY, nullable=False, index=True),
        sa.ForeignKeyConstraint(
            ["song_id"], ["songs.id"], name="fk_landmarks_song_id_songs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("detail", "song_id", name="pk_landmarks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "results",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("song_id", _KEY, nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("duration", sa.Float(53), nullable=False),
        sa.Column("dominant", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(53), nullable=False),
        sa.Column("unsure", sa.Boolean(), nullable=False),
        *(sa.Column(f"share_{mood}", sa.Float(53), nullable=False) for mood in _MOODS),
        *(sa.Column(f"probability_{mood}", sa.Float(53), nullable=False) for mood in _MOODS),
        sa.Column("analysis", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["song_id"], ["songs.id"], name="fk_results_song_id_songs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_results"),
        sa.UniqueConstraint("song_id", "model_version", name="uq_results_song_id_model_version"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "records",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger()),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False, index=True),
        sa.Column("post_channel_id", sa.BigInteger()),
        sa.Column("post_message_id", sa.BigInteger(), index=True),
        sa.Column("answer_id", sa.BigInteger(), index=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_folded", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("song_id", _KEY, nullable=False, index=True),
        sa.Column("result_id", _KEY, nullable=False, index=True),
        sa.Column("duration", sa.Float(53), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("unsure", sa.Boolean(), nullable=False),
        sa.Column("heard_at", sa.Float(53), nullable=False),
        sa.Index("ix_records_digest_guild_id", "digest", "guild_id"),
        sa.Index("ix_records_guild_id_heard_at", "guild_id", "heard_at"),
        sa.Index("ix_records_guild_id_song_id_heard_at", "guild_id", "song_id", "heard_at"),
        sa.ForeignKeyConstraint(["song_id"], ["songs.id"], name="fk_records_song_id_songs"),
        sa.ForeignKeyConstraint(["result_id"], ["results.id"], name="fk_records_result_id_results"),
        sa.PrimaryKeyConstraint("id", name="pk_records"),
        sa.UniqueConstraint(
            "request_id", "attachment_id", name="uq_records_request_id_attachment_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "guild_settings",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("listening", sa.Text(), nullable=False),
        sa.Column("min_seconds", sa.Float(53), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("role_id", sa.BigInteger()),
        sa.Column("max_minutes", sa.Float(53)),
        sa.Column("cooldown", sa.Float(53)),
        sa.Column("leaderboard", sa.Boolean(), nullable=False),
        sa.Column("welcomed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_guild_settings"),
    )
    op.create_table(
        "channel_settings",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("listening", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "channel_id", name="pk_channel_settings"),
    )


def downgrade() -> None:
    """Delete the tables, and all that is in them."""
    for table in (
        "channel_settings",
        "guild_settings",
        "records",
        "results",
        "landmarks",
        "songs",
        "jobs",
    ):
        op.drop_table(table)
