"""Discord's side of ``/privacy``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.presentation import privacy_texts as texts
from bot.presentation.privacy import Deed, PrivacyButton

if TYPE_CHECKING:
    from bot.client import MoodifyBot


class PrivacyCog(commands.Cog):
    """Lets everybody see and decide what is kept of them.

    Parameters
    ----------
    bot : MoodifyBot
    """

    def __init__(self, bot: MoodifyBot) -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        """Make the buttons work under messages of an earlier run."""
        self._bot.add_dynamic_items(PrivacyButton)

    async def cog_unload(self) -> None:
        """Stop serving the buttons."""
        self._bot.remove_dynamic_items(PrivacyButton)

    @app_commands.command(name="privacy", description=texts.PRIVACY_DESCRIPTION)
    @app_commands.describe(action=texts.ACTION_DESCRIPTION)
    @app_commands.choices(
        action=[
            app_commands.Choice(name=texts.SHOW_CHOICE, value=Deed.SHOW.value),
            app_commands.Choice(name=texts.FORGET_CHOICE, value=Deed.FORGET.value),
            app_commands.Choice(name=texts.HIDE_CHOICE, value=Deed.HIDE.value),
            app_commands.Choice(name=texts.STOP_CHOICE, value=Deed.STOP.value),
        ]
    )
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.allowed_installs(guilds=True, users=True)
    async def privacy(
        self, interaction: discord.Interaction[MoodifyBot], action: str | None = None
    ) -> None:
        """Tell what is kept, to who asks only, or do at once what they want done about it."""
        deed = None if action is None else Deed(action)
        if deed is Deed.HIDE and interaction.is_guild_integration():
            deed = Deed.HIDE_HERE
        await self._bot.privacy_desk.open(interaction, deed)
