"""The first message in a server, with which its admins choose how the bot listens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord
import structlog
from discord.ext import commands

from bot.commands.settings._cog import may_speak, open_panel, refused, shown_if_discord_lets
from bot.insisting import DISCORD_ERRORS
from bot.presentation import settings_texts as texts
from bot.presentation.language import speaking
from bot.storage import Listening

if TYPE_CHECKING:
    from bot.client import MoodifyBot

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_SETTINGS = "settings"


class WelcomeButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"welcome:(?P<choice>automatic|offer|mention|{_SETTINGS})",
):
    """A way of listening, or the way to all settings.

    Parameters
    ----------
    choice : str
        A `Listening`, or ``"settings"``.
    chosen : bool
        Whether it holds already.
    """

    def __init__(self, choice: str, *, chosen: bool = False) -> None:
        super().__init__(
            discord.ui.Button(
                label=(
                    texts.settings_button()
                    if choice == _SETTINGS
                    else texts.mode_name(Listening(choice))
                ),
                emoji="⚙️" if choice == _SETTINGS else None,
                style=(discord.ButtonStyle.primary if chosen else discord.ButtonStyle.secondary),
                custom_id=f"welcome:{choice}",
            )
        )
        self._choice = choice

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Make the button that was pressed; discord.py calls this."""
        return cls(match["choice"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Choose, or open the settings; discord.py calls this."""
        with shown_if_discord_lets():
            if self._choice == _SETTINGS:
                await open_panel(interaction)
            else:
                await _choose(interaction, Listening(self._choice))


class WelcomeCog(commands.Cog):
    """Greets servers that the bot joins, each of them once.

    Parameters
    ----------
    bot : MoodifyBot
    """

    def __init__(self, bot: MoodifyBot) -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        """Make the buttons work under messages of an earlier run."""
        self._bot.add_dynamic_items(WelcomeButton)

    async def cog_unload(self) -> None:
        """Stop serving the buttons."""
        self._bot.remove_dynamic_items(WelcomeButton)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Greet a server; discord.py calls this, but not when one comes back after an outage."""
        memory = self._bot.memory
        settings = await memory.attempt(
            lambda storage: storage.settings.of(guild.id), otherwise=None
        )
        if settings is not None and settings.welcomed:
            return
        channel = _place(guild)
        if channel is None:
            log.info("no channel to greet in", guild=guild.id)
            return
        # Noted first: a greeting that is lost harms less than a second one.
        await memory.write(lambda storage: storage.settings.save(guild.id, welcomed=True))
        with speaking(guild.preferred_locale):
            text = texts.welcome(sees_posts=self._bot.intents.message_content)
            view = _buttons()
        try:
            await channel.send(text, view=view, silent=True)
        except DISCORD_ERRORS as error:
            log.warning("not greeted", guild=guild.id, error=repr(error))
        else:
            log.info("greeted", guild=guild.id)


def _place(guild: discord.Guild) -> discord.TextChannel | None:
    """Return where to greet: where Discord greets, else the first channel to speak in."""
    candidates = [guild.system_channel, *guild.text_channels]
    return next((each for each in candidates if each is not None and may_speak(each)), None)


def _buttons(chosen: Listening | None = None) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for mode in texts.WELCOME_MODES:
        view.add_item(WelcomeButton(mode, chosen=mode is chosen))
    return view.add_item(WelcomeButton(_SETTINGS))


async def _choose(interaction: discord.Interaction[MoodifyBot], mode: Listening) -> None:
    if await refused(interaction):
        return
    guild_id = interaction.guild_id
    assert guild_id is not None  # told by what was just asked
    await interaction.response.defer()
    saved = await interaction.client.memory.attempt(
        lambda storage: storage.settings.save(guild_id, listening=mode), otherwise=None
    )
    if saved is None:
        with speaking(interaction.locale):
            await interaction.followup.send(texts.not_saved(), ephemeral=True)
        return
    log.info("settings changed", guild=guild_id, what="mode")
    with speaking(interaction.guild_locale):
        text = texts.welcome(
            texts.welcome_chosen(mode, interaction.user.id),
            sees_posts=interaction.client.intents.message_content,
        )
        await interaction.edit_original_response(content=text, view=_buttons(mode))
