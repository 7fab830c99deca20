"""The tables.

Times are seconds of Unix time. Never in a table: audio, or, once a job is done, a way to it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from moodify_core.moods import MOODS


class Words(TypeDecorator[str]):
    """Text of strangers: what no database can hold is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace NUL and halves of surrogate pairs."""
        if value is None:
            return None
        return (
            value.replace("\0", "\ufffd")
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )


Key = BigInteger().with_variant(Integer, "sqlite")
"""Only SQLite's INTEGER counts up by itself."""

_NEVER_AGAIN = {"sqlite_autoincrement": True}
"""Else SQLite gives the number of a deleted row to another, and buttons hold such numbers."""


class Base(DeclarativeBase):
    """What all tables share."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: dict[Any, Any] = {int: BigInteger, float: Float(53), str: Words}  # noqa: RUF012


class Job(Base):
    """A song of a request: a row for as long as its request may come again.

    ``filename``, ``url``, ``more`` and ``token`` are there only until it is done.
    """

    __tablename__ = "jobs"

    request_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attachment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[int] = mapped_column(index=True)
    guild_id: Mapped[int | None]
    channel_id: Mapped[int]
    home_channel_id: Mapped[int | None]
    filename: Mapped[str | None]
    url: Mapped[str | None]
    size: Mapped[int]
    more: Mapped[list[list[Any]] | None] = mapped_column(JSON(none_as_null=True))
    application_id: Mapped[int | None]
    token: Mapped[str | None]
    expires: Mapped[float | None]
    reply_to: Mapped[int | None]
    quiet: Mapped[bool]
    answer_id: Mapped[int | None]
    post_channel_id: Mapped[int | None]
    post_message_id: Mapped[int | None]
    locale: Mapped[str]
    private: Mapped[bool]
    received: Mapped[float]
    done: Mapped[bool]

    __table_args__ = (Index(None, "done", "received"),)


class SongRow(Base):
    """A song, whatever file it came in."""

    __tablename__ = "songs"
    __table_args__ = _NEVER_AGAIN

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    duration: Mapped[float]
    fingerprint: Mapped[str]


class Landmark(Base):
    """A detail of a song's fingerprint that copies of it share, for finding them."""

    __tablename__ = "landmarks"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    detail: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    song_id: Mapped[int] = mapped_column(
        ForeignKey("songs.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Result(Base):
    """What one model says of one song."""

    __tablename__ = "results"
    __table_args__ = (UniqueConstraint("song_id", "model_version"), _NEVER_AGAIN)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    song_id: Mapped[int] = mapped_column(ForeignKey("songs.id", ondelete="CASCADE"))
    model_version: Mapped[str]
    duration: Mapped[float]
    dominant: Mapped[str]
    confidence: Mapped[float]
    unsure: Mapped[bool]
    share_aggressive: Mapped[float]
    share_dramatic: Mapped[float]
    share_happy: Mapped[float]
    share_romantic: Mapped[float]
    share_sad: Mapped[float]
    probability_aggressive: Mapped[float]
    probability_dramatic: Mapped[float]
    probability_happy: Mapped[float]
    probability_romantic: Mapped[float]
    probability_sad: Mapped[float]
    analysis: Mapped[bytes] = mapped_column(LargeBinary)


class Record(Base):
    """A song that somebody had answered.

    ``home_channel_id`` is the channel whose members may see the title, if there is one.
    ``counted_seconds`` is how much of the song counts for its person; see `bot.storage.counting`.
    """

    __tablename__ = "records"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    request_id: Mapped[int]
    attachment_id: Mapped[int]
    guild_id: Mapped[int | None]
    channel_id: Mapped[int]
    home_channel_id: Mapped[int | None]
    user_id: Mapped[int]
    post_channel_id: Mapped[int | None]
    post_message_id: Mapped[int | None] = mapped_column(index=True)
    answer_id: Mapped[int | None] = mapped_column(index=True)
    title: Mapped[str]
    title_folded: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    song_id: Mapped[int] = mapped_column(ForeignKey("songs.id"), index=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("results.id"), index=True)
    duration: Mapped[float]
    private: Mapped[bool]
    unsure: Mapped[bool]
    heard_at: Mapped[float]
    counted_seconds: Mapped[float] = mapped_column(server_default=text("0"), default=0.0)

    __table_args__ = (
        UniqueConstraint("request_id", "attachment_id"),
        Index(None, "digest", "guild_id"),
        Index(None, "user_id", "guild_id", "heard_at"),
        Index(None, "user_id", "guild_id", "song_id", "heard_at"),
        Index(None, "guild_id", "heard_at"),
        Index(None, "guild_id", "song_id", "heard_at"),
        _NEVER_AGAIN,
    )


class GuildRow(Base):
    """What a server's admins chose; no row means the defaults."""

    __tablename__ = "guild_settings"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    listening: Mapped[str]
    min_seconds: Mapped[float]
    language: Mapped[str | None]
    role_id: Mapped[int | None]
    max_minutes: Mapped[float | None]
    cooldown: Mapped[float | None]
    leaderboard: Mapped[bool]
    welcomed: Mapped[bool]
    time_zone: Mapped[str] = mapped_column(server_default="UTC", default="UTC")
    digest_channel_id: Mapped[int | None]
    digested: Mapped[int | None] = mapped_column(Integer)


class ChannelRow(Base):
    """How the bot listens in one channel, where that differs from its server."""

    __tablename__ = "channel_settings"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    listening: Mapped[str]


class Sums:
    """What counts, in all and of each mood; times are milliseconds.

    Whole ones, so that a sum is the same in whatever order it was made.
    """

    songs: Mapped[int] = mapped_column(Integer)
    ms_total: Mapped[int]
    ms_aggressive: Mapped[int]
    ms_dramatic: Mapped[int]
    ms_happy: Mapped[int]
    ms_romantic: Mapped[int]
    ms_sad: Mapped[int]


class StandingRow(Sums, Base):
    """What a person has in a server in a period: a sum of counted records, kept with them.

    ``starts_on`` is the ordinal of the period's first day, 1 for all time.
    """

    __tablename__ = "standings"
    __table_args__ = (Index(None, "user_id", "guild_id"), {"sqlite_with_rowid": False})

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    period: Mapped[str] = mapped_column(primary_key=True)
    starts_on: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class GuildWeek(Sums, Base):
    """What all people together have in a server in a week; ``monday`` is an ordinal."""

    __tablename__ = "guild_weeks"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    monday: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class GuildSong(Base):
    """A song that can be on the boards of a server, in one channel that it was heard in.

    Shares and confidence are those of the song's newest such record in the server, the same in
    all its channels.
    """

    __tablename__ = "guild_songs"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    song_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    home_channel_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_at: Mapped[float]
    confidence: Mapped[float]
    share_aggressive: Mapped[float]
    share_dramatic: Mapped[float]
    share_happy: Mapped[float]
    share_romantic: Mapped[float]
    share_sad: Mapped[float]

    __table_args__ = (
        # One for each mood, holding all that a page of the board asks for.
        *(
            Index(
                f"ix_guild_songs_{mood}",
                *("guild_id", f"share_{mood}", "confidence", "song_id"),
                *("home_channel_id", "last_at"),
            )
            for mood in MOODS
        ),
        {"sqlite_with_rowid": False},
    )


class Wish(Base):
    """What a person wants to be kept out of; in server 0, everywhere."""

    __tablename__ = "wishes"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    hidden: Mapped[bool]
    unrecorded: Mapped[bool]


class Exclusion(Base):
    """A member whom a moderator keeps off the boards."""

    __tablename__ = "exclusions"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    moderator_id: Mapped[int | None]
    since: Mapped[float]


class Opinion(Base):
    """The mood that a person hears in a song that was answered."""

    __tablename__ = "opinions"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    record_id: Mapped[int] = mapped_column(
        ForeignKey("records.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    mood: Mapped[str]
    said_at: Mapped[float]


class AuditRow(Base):
    """What somebody who manages a server did to its boards."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "guild_id", "id"), _NEVER_AGAIN)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    guild_id: Mapped[int]
    moderator_id: Mapped[int | None] = mapped_column(index=True)
    action: Mapped[str]
    subject_id: Mapped[int | None] = mapped_column(index=True)
    title: Mapped[str | None]
    at: Mapped[float]


class Departure(Base):
    """A server that the bot is not in any more."""

    __tablename__ = "departures"

    guild_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    left_at: Mapped[float]


class AskedRow(Base):
    """When somebody asked last, where several processes have to know; forgotten within an hour."""

    __tablename__ = "asked"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    asked: Mapped[float] = mapped_column(index=True)


class PlaceRow(Base):
    """A song that waits or is heard, where several processes have to know; theirs till ``until``.

    ``called`` is when its turn came first in its process, and ``running`` whether it was taken.
    """

    __tablename__ = "places"

    request_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attachment_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(index=True)
    process: Mapped[str]
    called: Mapped[float | None]
    running: Mapped[bool]
    until: Mapped[float] = mapped_column(index=True)
