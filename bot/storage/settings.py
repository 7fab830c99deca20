"""What a server's admins chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import TypedDict, Unpack

from sqlalchemy import delete, select

from bot.storage.counting import recount, take_turn
from bot.storage.database import Database, insert_into
from bot.storage.periods import Calendar
from bot.storage.tables import ChannelRow, GuildRow


class Listening(StrEnum):
    """What the bot does about songs that are posted where it sees them."""

    AUTOMATIC = "automatic"
    """It answers."""
    OFFER = "offer"
    """It puts a reaction under them; whoever clicks it gets the answer."""
    MENTION = "mention"
    """It answers where it is mentioned."""
    OFF = "off"
    """Only commands."""


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """The settings of a server.

    Attributes
    ----------
    listening : Listening
        In channels that have no mode of their own.
    channels : mapping of int to Listening
        Modes of single channels, by their ids.
    min_seconds : float
        Shortest song that is answered without being asked for.
    language : str or None
        Of all answers, as Discord writes it; None for the language of who asks.
    role_id : int or None
        The role that may ask; None for everybody.
    max_minutes : float or None
        Longest song; None for the operator's limit.
    cooldown : float or None
        Seconds between two songs of one person; None for the operator's.
    leaderboard : bool
        Whether the server has boards.
    welcomed : bool
        Whether the message about these settings was sent.
    time_zone : str
        IANA name of the zone in which days, weeks, months and years begin.
    digest_channel_id : int or None
        Where a message sums up each week; None for nowhere.
    digested : int or None
        Ordinal of the Monday whose past week was summed up last.
    """

    listening: Listening = Listening.AUTOMATIC
    channels: Mapping[int, Listening] = field(default_factory=lambda: MappingProxyType({}))
    min_seconds: float = 60.0
    language: str | None = None
    role_id: int | None = None
    max_minutes: float | None = None
    cooldown: float | None = None
    leaderboard: bool = True
    welcomed: bool = False
    time_zone: str = "UTC"
    digest_channel_id: int | None = None
    digested: int | None = None

    def listening_in(self, channel_id: int, parent_id: int | None = None) -> Listening:
        """Return how the bot listens in a channel.

        Parameters
        ----------
        channel_id : int
        parent_id : int or None
            The channel that a thread belongs to, whose mode it has if it has none of its own.
        """
        for each in (channel_id, parent_id):
            if each is not None and each in self.channels:
                return self.channels[each]
        return self.listening


class Changes(TypedDict, total=False):
    """Fields of `GuildSettings` that a row holds."""

    listening: Listening
    min_seconds: float
    language: str | None
    role_id: int | None
    max_minutes: float | None
    cooldown: float | None
    leaderboard: bool
    welcomed: bool
    time_zone: str
    digest_channel_id: int | None
    digested: int | None


_COLUMNS = tuple(each.name for each in fields(GuildSettings) if each.name != "channels")


class SettingsStore:
    """Settings of all servers.

    What was read stays in memory until it is written here: all events of a server come to one
    process, so no other writes them. So a server's settings are known while the database is away.

    Every method raises `StorageError` if the database does not do its part.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[int, GuildSettings] = {}

    async def of(self, guild_id: int) -> GuildSettings:
        """Return the settings of a server; the defaults if nothing was ever chosen."""
        if guild_id not in self._known:
            self._known[guild_id] = await self._read(guild_id)
        return self._known[guild_id]

    async def save(self, guild_id: int, **changes: Unpack[Changes]) -> GuildSettings:
        """Change some settings of a server, and leave the others as they are.

        What counts is counted again if the time zone changes, as days and weeks begin elsewhere.

        Returns
        -------
        GuildSettings
            All settings, with the changes.

        Raises
        ------
        ValueError
            If there is no such time zone.
        """
        defaults = {name: getattr(GuildSettings(), name) for name in _COLUMNS}
        time_zone = changes.get("time_zone")
        if time_zone is not None:
            Calendar(time_zone)
        async with self._database.write() as connection:
            if time_zone is not None:
                await connection.run_sync(take_turn)
            statement = insert_into(connection, GuildRow).values(
                guild_id=guild_id, **{**defaults, **changes}
            )
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["guild_id"], set_=dict(changes))
                if changes
                else statement.on_conflict_do_nothing()
            )
            if time_zone is not None:
                await connection.run_sync(recount, guild_id)
        return await self._again(guild_id)

    async def set_channel(
        self, guild_id: int, channel_id: int, mode: Listening | None
    ) -> GuildSettings:
        """Set how the bot listens in one channel; None for as in the rest of the server."""
        async with self._database.write() as connection:
            if mode is None:
                await connection.execute(
                    delete(ChannelRow).where(
                        ChannelRow.guild_id == guild_id, ChannelRow.channel_id == channel_id
                    )
                )
            else:
                await connection.execute(
                    insert_into(connection, ChannelRow)
                    .values(guild_id=guild_id, channel_id=channel_id, listening=mode)
                    .on_conflict_do_update(
                        index_elements=["guild_id", "channel_id"], set_={"listening": mode}
                    )
                )
        return await self._again(guild_id)

    async def forget(self, guild_id: int) -> None:
        """Delete all settings of a server; what counts is counted again without its time zone."""
        async with self._database.write() as connection:
            await connection.run_sync(take_turn)
            for table in (ChannelRow, GuildRow):
                await connection.execute(delete(table).where(table.guild_id == guild_id))
            await connection.run_sync(recount, guild_id)
        self._known.pop(guild_id, None)

    async def _again(self, guild_id: int) -> GuildSettings:
        self._known.pop(guild_id, None)
        return await self.of(guild_id)

    async def _read(self, guild_id: int) -> GuildSettings:
        async with self._database.read() as connection:
            row = (
                await connection.execute(select(GuildRow).where(GuildRow.guild_id == guild_id))
            ).one_or_none()
            modes = await connection.execute(
                select(ChannelRow.channel_id, ChannelRow.listening).where(
                    ChannelRow.guild_id == guild_id
                )
            )
            channels = MappingProxyType({each: Listening(mode) for each, mode in modes})
        if row is None:
            return GuildSettings(channels=channels)
        chosen = {name: getattr(row, name) for name in _COLUMNS}
        return GuildSettings(**{**chosen, "listening": Listening(row.listening)}, channels=channels)
