"""A message about each week, to the servers that want one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import discord
import structlog
from discord.ext import tasks

from bot.boards.audience import channels_of_all
from bot.boards.people import names_of
from bot.presentation.answers import Abilities, Content
from bot.presentation.boards import Screen, digest_screen, screen_ways
from bot.presentation.language import speaking
from bot.replies import present
from bot.storage import Period, RankedSong, Standing, Storage, Subscription, Week
from bot.storage.periods import calendar, monday_of
from moodify_core.moods import MOODS, Mood

if TYPE_CHECKING:
    from bot.client import MoodifyBot

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

SINCE_MIDNIGHT = 9 * 60 * 60.0
"""Seconds of Monday after which the week before is summed up."""
EVERY = 60.0
"""Seconds between two looks at who is due."""
AT_ONCE = 4
"""Messages that are made at a time."""
PATIENCE = 600.0
"""Seconds that a message is tried for while Discord does not take it."""


class Digests:
    """Sends the messages that are due.

    Each week of a server is claimed in the database right before its message is sent, so that there
    is never a second one, whatever is restarted or run twice.

    Parameters
    ----------
    bot : MoodifyBot
    clock : callable
        Tells the time, in seconds of Unix time.
    """

    def __init__(self, bot: MoodifyBot, clock: Callable[[], float] = time.time) -> None:
        self._bot = bot
        self._clock = clock
        self._hands = asyncio.Semaphore(AT_ONCE)
        # What was told in the log, so that it is told once.
        self._mute: set[tuple[int, date]] = set()
        self._loop = tasks.loop(seconds=EVERY)(self.send_due)

    def start(self) -> None:
        """Begin to look, as soon as the bot is connected."""
        self._loop.before_loop(self._bot.wait_until_ready)
        self._loop.start()

    def stop(self) -> None:
        """Look no more; what is being sent is finished by who waits for it."""
        self._loop.cancel()

    async def send_due(self) -> None:
        """Send all messages that are due now."""
        if self._bot.jobs.closing:
            return
        nobody: list[Subscription] = []
        try:
            subscriptions = await self._bot.memory.attempt(
                lambda storage: storage.digests.subscriptions(), otherwise=nobody
            )
            await asyncio.gather(*(self._send_if_due(each) for each in subscriptions))
        except Exception:
            # Nobody else would look again.
            log.exception("digests failed")

    async def _send_if_due(self, subscription: Subscription) -> None:
        monday = due(subscription, self._clock())
        guild = self._bot.get_guild(subscription.guild_id)
        # Servers of other processes are theirs to serve.
        if monday is None or guild is None:
            return
        async with self._hands:
            try:
                with self._bot.jobs.attended():
                    await self._send(guild, subscription, monday)
            except Exception:
                log.exception("digest failed", guild=guild.id)

    async def _send(self, guild: discord.Guild, subscription: Subscription, monday: date) -> None:
        channel = _channel(guild, subscription.channel_id)
        if channel is None:
            if (guild.id, monday) not in self._mute:
                self._mute.add((guild.id, monday))
                log.warning("no digest: channel gone, or not to be written in", guild=guild.id)
            return
        with speaking(subscription.language or guild.preferred_locale):
            known = await self._know(guild, channel, subscription, monday)
            if known is None:
                return
            abilities = Abilities.of(channel.permissions_for(guild.me))
            screen = await self._screen(guild, known)
            picture = (
                await self._bot.board_desk.draw(screen.chart)
                if screen is not None and screen.chart and abilities.files
                else None
            )
            # As late as can be: what is claimed and then not sent is lost.
            if not await self._bot.memory.attempt(
                lambda storage: storage.digests.claim(guild.id, monday), otherwise=False
            ):
                return
            if screen is None:
                log.info("no digest: no songs in the week", guild=guild.id)
                return
            spot = _Spot(channel, f"{guild.id:x}-{monday.toordinal()}")
            if await present(spot, screen_ways(screen, picture, abilities)):
                log.info("digest sent", guild=guild.id)

    async def _know(
        self, guild: discord.Guild, channel: _Writable, subscription: Subscription, monday: date
    ) -> _Known | None:
        """Return what there is to tell; None while the database is away."""
        # The last moment of the week, so that it is the current one of whom is asked.
        now = _beginning(monday, subscription.time_zone) - 1
        channels = channels_of_all(guild, channel)
        return await self._bot.memory.attempt(
            lambda storage: _sum_up(storage, guild.id, channels, now), otherwise=None
        )

    async def _screen(self, guild: discord.Guild, known: _Known) -> Screen | None:
        """Return what is shown; None for a week without songs."""
        if known.week is None:
            return None
        user_ids = {each.user_id for each in known.leaders.values() if each is not None}
        names = await names_of(guild, user_ids)
        return digest_screen(known.week, known.before, known.leaders, known.songs, names, guild.id)


_Writable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


class _Known(NamedTuple):
    """What is told of a week."""

    week: Week | None
    before: Week | None
    leaders: dict[Mood, Standing | None]
    songs: dict[Mood, RankedSong]


class _Spot:
    """A new message in a channel; Discord takes one of a number."""

    def __init__(self, channel: _Writable, nonce: str) -> None:
        self._channel = channel
        self._nonce = nonce
        self.until = time.monotonic() + PATIENCE

    async def show(self, content: Content) -> None:
        """Send the message."""
        await self._channel.send(
            content=content["content"],
            embeds=content["embeds"],
            files=content["attachments"],
            nonce=self._nonce,
            silent=True,
        )


def due(subscription: Subscription, now: float) -> date | None:
    """Return the Monday whose past week is to be summed up; None if that is done or too early.

    Parameters
    ----------
    subscription : Subscription
    now : float
        Seconds of Unix time.
    """
    monday = monday_of(calendar(subscription.time_zone).day(now))
    if now < _beginning(monday, subscription.time_zone) + SINCE_MIDNIGHT:
        return None
    done = subscription.digested
    return monday if done is None or done < monday else None


def _channel(guild: discord.Guild, channel_id: int) -> _Writable | None:
    """Return a channel that the bot may write in."""
    channel = guild.get_channel_or_thread(channel_id)
    if not isinstance(channel, _Writable):
        return None
    may = channel.permissions_for(guild.me)
    speaks = (
        may.send_messages_in_threads if isinstance(channel, discord.Thread) else may.send_messages
    )
    return channel if may.view_channel and speaks else None


async def _sum_up(storage: Storage, guild_id: int, channels: frozenset[int], now: float) -> _Known:
    mood = await storage.boards.server_mood(guild_id, weeks=2, channels=channels, now=now)
    *earlier, week = mood.weeks or (None,)
    if week is None or not week.songs:
        return _Known(None, None, {}, {})
    leaders = await storage.boards.leaders(guild_id, Period.WEEK, now=now)
    songs = {}
    for each in MOODS:
        page = await storage.boards.songs(
            guild_id, each, Period.WEEK, page=0, channels=channels, now=now
        )
        if page.rows:
            songs[each] = page.rows[0]
    return _Known(week, earlier[-1] if earlier else None, leaders, songs)


def _beginning(day: date, time_zone: str) -> float:
    return calendar(time_zone).span(day, day + timedelta(days=1)).start
