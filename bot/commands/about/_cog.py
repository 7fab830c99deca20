"""Discord's side of ``/about``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.commands.about._page import About, about_embed, about_links
from bot.presentation import about_texts as texts
from bot.presentation.language import speaking
from bot.storage import Agreement
from moodify_core.shipped import shipped

if TYPE_CHECKING:
    from bot.client import MoodifyBot


class AboutCog(commands.Cog):
    """Tells what the bot is.

    Parameters
    ----------
    bot : MoodifyBot
    """

    def __init__(self, bot: MoodifyBot) -> None:
        self._bot = bot
        self._started = discord.utils.utcnow()
        self._model = shipped()

    @app_commands.command(name="about", description=texts.ABOUT_DESCRIPTION)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.allowed_installs(guilds=True, users=True)
    async def about(self, interaction: discord.Interaction) -> None:
        """Tell what the bot is, to who asks only."""
        bot = self._bot
        await interaction.response.defer(ephemeral=True, thinking=True)
        assert bot.user is not None  # known since the login
        application = bot.application
        about = About(
            name=bot.user.display_name,
            model=self._model,
            started=self._started,
            latency=bot.latency if math.isfinite(bot.latency) else None,
            agreement=await self._agreement(interaction),
            source=bot.settings.source_url,
            policy=application.privacy_policy_url if application else None,
            terms=application.terms_of_service_url if application else None,
        )
        with speaking(interaction.locale):
            await interaction.edit_original_response(
                embed=about_embed(about), view=about_links(about)
            )

    async def _agreement(self, interaction: discord.Interaction) -> Agreement | None:
        guild_id = interaction.guild_id
        if guild_id is None or not interaction.is_guild_integration():
            return None
        return await self._bot.memory.attempt(
            lambda storage: storage.opinions.agreement(guild_id), otherwise=None
        )
