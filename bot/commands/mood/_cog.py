"""Discord's side of ``/mood`` and "Analyze mood"."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.mood._audio import first_audio
from bot.film import Post, SongSource
from bot.jobs import JobRequest
from bot.outcomes import NoAudio
from bot.presentation import texts
from bot.replies import InteractionReply, deliver

if TYPE_CHECKING:
    from bot.client import MoodifyBot

RESERVE = 45.0
"""Seconds kept back of the time that Discord gives, so that there are some left to answer."""

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
    @app_commands.describe(file=texts.MOOD_FILE_DESCRIPTION, private=texts.MOOD_PRIVATE_DESCRIPTION)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.allowed_installs(guilds=True, users=True)
    async def mood(
        self, interaction: discord.Interaction, file: discord.Attachment, private: bool = False
    ) -> None:
        """Tell how an attached song feels."""
        await self._answer(interaction, file, None, private=private)

    async def _analyze_message(
        self, interaction: discord.Interaction, message: discord.Message
    ) -> None:
        forwarded = (snapshot.attachments for snapshot in message.message_snapshots)
        file = first_audio(chain(message.attachments, *forwarded))
        # Told from what Discord has sent along, so that it is known in time whether everybody
        # should see the answer.
        await self._answer(interaction, file, message, private=file is None)

    async def _answer(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment | None,
        message: discord.Message | None,
        *,
        private: bool,
    ) -> None:
        reply = InteractionReply(interaction)
        with self._bot.jobs.attended():
            if not await reply.defer(private=private):
                return
            if file is None:
                await deliver(reply, NoAudio())
            else:
                request = _request(reply, file)
                self._bot.film_desk.songs.remember(request.id, _source(request, file, message))
                await self._bot.jobs.serve(request, reply)


def _request(reply: InteractionReply, file: discord.Attachment) -> JobRequest:
    return JobRequest(
        id=str(reply.interaction.id),
        user_id=reply.interaction.user.id,
        # Discord strips names of what is not ASCII; the title is what the person called it.
        filename=file.title or file.filename,
        url=file.url,
        size=file.size,
        deadline=reply.until - RESERVE,
    )


def _source(
    request: JobRequest, file: discord.Attachment, message: discord.Message | None
) -> SongSource:
    post = Post(message.channel.id, message.id, file.id) if message is not None else None
    return SongSource(request.user_id, request.filename, request.url, post)
