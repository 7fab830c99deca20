"""Discord's side of ``/help``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.help._page import Server, help_embed
from bot.presentation import about_texts as texts
from bot.presentation.language import speaking

if TYPE_CHECKING:
    from bot.client import MoodifyBot


class HelpCog(commands.Cog):
    """Explains the bot.

    Parameters
    ----------
    bot : MoodifyBot
    """

    def __init__(self, bot: MoodifyBot) -> None:
        self._bot = bot

    @app_commands.command(name="help", description=texts.HELP_DESCRIPTION)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.allowed_installs(guilds=True, users=True)
    async def help(self, interaction: discord.Interaction) -> None:
        """Explain the ways in, to who asks only."""
        server = await self._server(interaction)
        with speaking(interaction.locale):
            await interaction.response.send_message(
                embed=help_embed(server, direct=interaction.context.dm_channel), ephemeral=True
            )

    async def _server(self, interaction: discord.Interaction) -> Server | None:
        guild_id, channel = interaction.guild_id, interaction.channel
        if guild_id is None or channel is None or not interaction.is_guild_integration():
            return None
        settings = await self._bot.memory.settings(guild_id)
        parent = channel.parent_id if isinstance(channel, discord.Thread) else None
        may = interaction.app_permissions
        in_thread = isinstance(channel, discord.Thread)
        return Server(
            mode=settings.listening_in(channel.id, parent),
            min_seconds=settings.min_seconds,
            role_id=settings.role_id,
            sees_posts=self._bot.intents.message_content,
            may_speak=may.send_messages_in_threads if in_thread else may.send_messages,
            may_embed=may.embed_links,
            may_attach=may.attach_files,
            boards=settings.leaderboard,
        )
