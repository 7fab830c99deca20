"""What the bot does about messages: mentions, direct messages, posted songs and reactions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import discord
import structlog
from discord.ext import commands

from bot.attachments import posted_songs, songs_of
from bot.home_channels import home_channel_of
from bot.insisting import DISCORD_ERRORS, insist
from bot.memory import RemovedPosts
from bot.outcomes import NoAudio, Refusal, RepliedToOutOfSight
from bot.presentation import texts
from bot.presentation.language import speaking
from bot.replies import MessageReply, deliver, may_offer, may_speak
from bot.requests import AtMessage, Post, Request, Song
from bot.storage import Listening

if TYPE_CHECKING:
    from bot.client import MoodifyBot

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

OFFER = "🎧"
"""The reaction by which the bot offers to tell a song's mood."""

_FROM_PEOPLE = frozenset({discord.MessageType.default, discord.MessageType.reply})


class ListeningCog(commands.Cog):
    """Takes what people post.

    Parameters
    ----------
    bot : MoodifyBot
    """

    def __init__(self, bot: MoodifyBot) -> None:
        self._bot = bot

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message if it asks for it; discord.py calls this."""
        if message.author.bot or message.type not in _FROM_PEOPLE:
            return
        with self._bot.jobs.attended():
            if message.guild is None:
                await self._answer(message, await self._songs_meant(message), message.author)
                return
            mode = await self._mode(message.guild.id, message.channel)
            if mode is not Listening.OFF and self._is_mentioned(message):
                await self._answer(message, await self._songs_meant(message), message.author)
            elif songs := posted_songs(message):
                await self._hear_posted(message, songs, mode)

    @commands.Cog.listener()
    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Answer a song that was offered; discord.py calls this."""
        if str(payload.emoji) != OFFER or payload.member is None or payload.member.bot:
            return
        with self._bot.jobs.attended():
            channel = payload.member.guild.get_channel_or_thread(payload.channel_id)
            if not isinstance(channel, discord.abc.Messageable):
                return
            try:
                message = await insist(lambda: channel.fetch_message(payload.message_id))
                offered = any(str(each.emoji) == OFFER and each.me for each in message.reactions)
                if offered and (songs := posted_songs(message)):
                    await self._take_up(message, songs, payload.member)
            except DISCORD_ERRORS as error:
                log.warning("offer not taken up", error=repr(error))

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """Forget a song whose message is gone; discord.py calls this."""
        await self._forget({payload.message_id})

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Forget songs whose messages are gone; discord.py calls this."""
        await self._forget(payload.message_ids)

    async def _forget(self, message_ids: set[int]) -> None:
        for message_id in message_ids:
            self._bot.jobs.post_deleted(message_id)
        await self._bot.memory.write(RemovedPosts(message_ids))

    async def _mode(self, guild_id: int, channel: discord.abc.MessageableChannel) -> Listening:
        settings = await self._bot.memory.settings(guild_id)
        return settings.listening_in(channel.id, getattr(channel, "parent_id", None))

    def _is_mentioned(self, message: discord.Message) -> bool:
        """Whether the text names the bot; replying to it mentions it, too, but asks nothing."""
        assert self._bot.user is not None
        marks = [f"<@{self._bot.user.id}>", f"<@!{self._bot.user.id}>"]
        # The bot's own role has the bot's name, so that people take the one for the other.
        role = message.guild.self_role if message.guild is not None else None
        if role is not None:
            marks.append(f"<@&{role.id}>")
        return any(mark in message.content for mark in marks)

    async def _songs_meant(
        self, message: discord.Message
    ) -> tuple[tuple[Song, ...], discord.Message] | Refusal:
        """Return the songs of a message, or of the one that it replies to."""
        if songs := songs_of(message):
            return songs, message
        replied = await _replied_to(message)
        if replied is not None and (songs := songs_of(replied)):
            return songs, replied
        hidden = message.guild is not None and not self._bot.intents.message_content
        return RepliedToOutOfSight() if hidden and message.reference else NoAudio()

    async def _hear_posted(
        self, message: discord.Message, songs: tuple[Song, ...], mode: Listening
    ) -> None:
        # Without the intent songs are visible only where the bot is mentioned.
        if not self._bot.intents.message_content:
            return
        request = _request(message, message, songs, message.author, quiet=True)
        # What cannot be answered is not offered.
        if mode is Listening.OFFER and may_offer(self._bot, request):
            try:
                await insist(lambda: message.add_reaction(OFFER))
            except DISCORD_ERRORS as error:
                log.info("song not offered", error=repr(error))
        elif (
            mode is Listening.AUTOMATIC
            and may_speak(self._bot, request)
            and await self._bot.admission.has_role(request.guild_id, message.author)
        ):
            await self._bot.take(request, MessageReply(self._bot, request, self._bot.memory))

    async def _take_up(
        self, message: discord.Message, songs: tuple[Song, ...], asker: discord.Member
    ) -> None:
        request = _request(message, message, songs, asker, quiet=False)
        if await self._mode(asker.guild.id, message.channel) is Listening.OFF:
            return
        settings = await self._bot.memory.settings(asker.guild.id)
        with speaking(settings.language or request.locale):
            sentence = None
            if not may_speak(self._bot, request):
                sentence = texts.cannot_speak()
            elif reason := await self._bot.admission.refusal(request.guild_id, asker):
                sentence = texts.refusal(reason)
            if sentence is not None:
                # The offer stays, for others to take up.
                await _tell_privately(asker, sentence)
                return
        await insist(lambda: message.remove_reaction(OFFER, asker.guild.me))
        await self._bot.take(request, MessageReply(self._bot, request, self._bot.memory))

    async def _answer(
        self,
        message: discord.Message,
        meant: tuple[tuple[Song, ...], discord.Message] | Refusal,
        asker: discord.abc.User,
    ) -> None:
        songs, shown_by = meant if isinstance(meant, tuple) else ((), message)
        request = _request(message, shown_by, songs, asker, quiet=False)
        settings = await self._bot.memory.settings(request.guild_id)
        with speaking(settings.language or request.locale):
            if not may_speak(self._bot, request):
                await _tell_privately(asker, texts.cannot_speak())
                return
            reply = MessageReply(self._bot, request, self._bot.memory)
            # Who is mistaken has not asked for anything yet, and need not wait to ask again.
            reason = (
                await self._bot.admission.refusal(request.guild_id, asker)
                if isinstance(meant, tuple)
                else meant
            )
            if reason is not None:
                await deliver(reply, (reason,))
                return
        await self._bot.take(request, reply)


async def _replied_to(message: discord.Message) -> discord.Message | None:
    reference = message.reference
    if reference is None or reference.message_id is None:
        return None
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved
    replied_id = reference.message_id
    try:
        return await insist(lambda: message.channel.fetch_message(replied_id))
    except DISCORD_ERRORS as error:
        log.info("message not fetched", error=repr(error))
        return None


async def _tell_privately(user: discord.abc.User, sentence: str) -> None:
    if not isinstance(user, (discord.Member, discord.User)):
        return
    try:
        await insist(lambda: user.send(sentence))
    except DISCORD_ERRORS as error:
        log.info("not told that the bot may not speak", error=repr(error))


def _request(
    message: discord.Message,
    shown_by: discord.Message,
    songs: tuple[Song, ...],
    asker: discord.abc.User,
    *,
    quiet: bool,
) -> Request:
    guild = message.guild
    return Request(
        id=message.id,
        user_id=asker.id,
        guild_id=guild.id if guild is not None else None,
        channel_id=message.channel.id,
        songs=songs,
        place=AtMessage(message.id, quiet=quiet),
        post=Post(shown_by.channel.id, shown_by.id),
        # A message does not tell its author's language.
        locale=str(
            guild.preferred_locale if guild is not None else discord.Locale.american_english
        ),
        private=guild is None,
        received=time.time(),
        home_channel_id=home_channel_of(message.channel),
    )
