"""Discord's side of ``/mood`` and "Analyze mood"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.attachments import song_of, songs_of
from bot.commands.mood._requests import request_of
from bot.home_channels import home_channel_of, language_at, server_of
from bot.insisting import DISCORD_ERRORS, insist
from bot.links import MessageAddress, parse_link
from bot.outcomes import MessageOutOfSight, NoAudio, NotAMessageLink, NothingGiven, Refusal
from bot.presentation import texts
from bot.presentation.language import speaking
from bot.replies import InteractionReply, deliver
from bot.requests import Post, Song

if TYPE_CHECKING:
    from bot.client import MoodifyBot

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_EVERYWHERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
_FOR_ALL = app_commands.AppInstallationType(guild=True, user=True)


class MoodCog(commands.Cog):
    """Takes requests for a song's mood.

    Parameters
    ----------
    bot : MoodifyBot
    """

    def __init__(self, bot: MoodifyBot) -> None:
        self._bot = bot
        # discord.py has no decorator for message commands inside a cog.
        self._menu = app_commands.ContextMenu(
            name=texts.MENU_NAME,
            callback=self._analyze_message,
            allowed_contexts=_EVERYWHERE,
            allowed_installs=_FOR_ALL,
        )

    async def cog_load(self) -> None:
        """Add the message command."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the message command."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)

    @app_commands.command(name="mood", description=texts.MOOD_DESCRIPTION)
    @app_commands.describe(
        file=texts.MOOD_FILE_DESCRIPTION,
        link=texts.MOOD_LINK_DESCRIPTION,
        private=texts.MOOD_PRIVATE_DESCRIPTION,
    )
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.allowed_installs(guilds=True, users=True)
    async def mood(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment | None = None,
        link: str | None = None,
        private: bool = False,
    ) -> None:
        """Tell how an attached song feels, or the songs of a message."""
        if file is not None:
            await self._answer(interaction, (song_of(file),), None, private=private)
        elif link is not None:
            await self._answer_link(interaction, link, private=private)
        else:
            await self._answer(interaction, NothingGiven(), None, private=True)

    async def _analyze_message(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> None:
        songs = songs_of(message)
        # Told from what Discord has sent along, so that it is known in time whether everybody
        # should see the answer.
        await self._answer(
            interaction, songs or NoAudio(), Post(message.channel.id, message.id), private=not songs
        )

    async def _answer_link(
        self, interaction: discord.Interaction, link: str, *, private: bool
    ) -> None:
        address = parse_link(link)
        if isinstance(address, MessageAddress) and address.guild_id != interaction.guild_id:
            address = NotAMessageLink()
        if not isinstance(address, MessageAddress):
            await self._answer(interaction, address, None, private=True)
            return
        reply = InteractionReply(interaction)
        with self._bot.jobs.attended():
            refusal = await self._bot.admission.refusal(server_of(interaction), interaction.user)
            if await reply.defer(private=private or refusal is not None):
                found = refusal or await self._songs_at(interaction, address)
                post = Post(address.channel_id, address.message_id)
                await self._go_on(reply, found, post, private=private)

    async def _songs_at(
        self, interaction: discord.Interaction, address: MessageAddress
    ) -> tuple[Song, ...] | Refusal:
        guild, asker = interaction.guild, interaction.user
        if guild is None or not isinstance(asker, discord.Member):
            return MessageOutOfSight()
        channel = guild.get_channel_or_thread(address.channel_id)
        # A private thread has members of its own, whom the permissions of its channel do not tell.
        elsewhere = channel is not None and channel.id != interaction.channel_id
        hidden = elsewhere and home_channel_of(channel) is None
        if hidden or not isinstance(channel, discord.abc.Messageable):
            return MessageOutOfSight()
        # What the bot can see is not always what whoever asks may see.
        for each in (asker, guild.me):
            may = channel.permissions_for(each)
            if not (may.view_channel and may.read_message_history):
                return MessageOutOfSight()
        try:
            message = await insist(lambda: channel.fetch_message(address.message_id))
        except DISCORD_ERRORS as error:
            log.info("message not fetched", error=repr(error))
            return MessageOutOfSight()
        if songs := songs_of(message):
            return songs
        return NoAudio() if self._bot.intents.message_content else MessageOutOfSight()

    async def _answer(
        self,
        interaction: discord.Interaction,
        found: tuple[Song, ...] | Refusal,
        post: Post | None,
        *,
        private: bool,
    ) -> None:
        reply = InteractionReply(interaction)
        with self._bot.jobs.attended():
            # Who is mistaken has not asked for anything yet, and need not wait to ask again.
            refusal = (
                await self._bot.admission.refusal(server_of(interaction), interaction.user)
                if isinstance(found, tuple)
                else found
            )
            if await reply.defer(private=private or refusal is not None):
                await self._go_on(reply, refusal or found, post, private=private)

    async def _go_on(
        self,
        reply: InteractionReply,
        found: tuple[Song, ...] | Refusal,
        post: Post | None,
        *,
        private: bool,
    ) -> None:
        interaction = reply.interaction
        if isinstance(found, tuple):
            await self._bot.take(request_of(interaction, found, post, private=private), reply)
            return
        with speaking(await language_at(interaction)):
            await deliver(reply, (found,))
