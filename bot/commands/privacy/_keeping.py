"""Deletes what is to be kept no longer: of servers that the bot left, of channels, of old songs."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

import discord
import structlog
from discord.ext import commands, tasks

from bot.requests import REMEMBERED
from bot.storage import Storage

if TYPE_CHECKING:
    from bot.client import MoodifyBot

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

DAY = 24 * 60 * 60.0
_SHARD_SHIFT = 22
"""A server's shard follows from its id without these last bits, says Discord."""


class KeepingCog(commands.Cog):
    """Looks after what is kept of servers, at the start, once a day, and as things happen.

    Parameters
    ----------
    bot : MoodifyBot
    """

    def __init__(self, bot: MoodifyBot) -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        """Begin to look after things."""
        self._daily.start()

    async def cog_unload(self) -> None:
        """Stop looking after things."""
        self._daily.cancel()

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note that the bot left a server; discord.py calls this, but not for an outage."""
        now = time.time()
        log.info("server left", guild=guild.id)
        await self._bot.memory.write(lambda storage: storage.privacy.leave(guild.id, now))

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Note that the bot is in a server again; discord.py calls this."""
        await self._bot.memory.write(lambda storage: storage.privacy.returned(guild.id))

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Delete what was heard in a channel that is gone; discord.py calls this."""
        await self._remove_channel(channel.guild.id, channel.id)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """Delete what was heard in a thread that is gone; discord.py calls this."""
        await self._remove_channel(payload.guild_id, payload.thread_id)

    async def _remove_channel(self, guild_id: int, channel_id: int) -> None:
        self._bot.jobs.channel_deleted(channel_id)
        await self._bot.memory.write(
            lambda storage: storage.privacy.remove_channel(guild_id, channel_id)
        )

    @tasks.loop(seconds=DAY)
    async def _daily(self) -> None:
        await self._bot.wait_until_ready()
        await self._bot.memory.opened()
        try:
            await self._note_servers()
            await self._delete_old()
        except Exception:
            log.exception("what is old was not deleted")

    async def _note_servers(self) -> None:
        """Note which servers were left, and which the bot is in again, while it was off."""
        await self._bot.memory.attempt(self._compare_servers, otherwise=None)

    async def _compare_servers(self, storage: Storage) -> None:
        now = time.time()
        known, left = await storage.privacy.servers(), await storage.privacy.departures()
        for guild_id in filter(self._is_ours, known | left.keys()):
            # One that has an outage is still known to the client.
            there = self._bot.get_guild(guild_id) is not None
            if there and guild_id in left:
                await storage.privacy.returned(guild_id)
            elif not there and guild_id not in left:
                log.info("server was left", guild=guild_id)
                await storage.privacy.leave(guild_id, now)

    async def _delete_old(self) -> None:
        memory, settings, now = self._bot.memory, self._bot.settings, time.time()
        last = now - settings.keep_after_leaving_days * DAY
        gone = await memory.attempt(
            lambda storage: storage.privacy.forget_departed(last, ours=self._is_gone),
            otherwise=(),
        )
        if gone:
            log.info("servers forgotten", guilds=gone)
        days = settings.retention_days
        if days is not None:
            oldest = now - days * DAY
            records = await memory.attempt(
                lambda storage: storage.privacy.expire(oldest), otherwise=0
            )
            log.info("old records deleted", records=records)
        await memory.attempt(
            lambda storage: storage.jobs.close_stale(now - REMEMBERED), otherwise=0
        )

    def _is_ours(self, guild_id: int) -> bool:
        """Tell whether a server's events come to this process, if the bot is in it."""
        return belongs_here(guild_id, self._bot.shard_count or 1, self._bot.shards)

    def _is_gone(self, guild_id: int) -> bool:
        return self._is_ours(guild_id) and self._bot.get_guild(guild_id) is None


def belongs_here(guild_id: int, shards: int, ours: Collection[int]) -> bool:
    """Tell whether a server is of one of the shards of this process.

    Parameters
    ----------
    guild_id : int
    shards : int
        How many there are, in all processes.
    ours : collection of int
        Those of this process.
    """
    return (guild_id >> _SHARD_SHIFT) % shards in ours
