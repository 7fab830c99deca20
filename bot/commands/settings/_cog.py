"""Discord's side of ``/settings``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.commands.settings._changes import change
from bot.commands.settings._choices import OperatorLimits
from bot.commands.settings._panel import PREFIX, Action, Page, Panel, panel_embed, panel_items
from bot.presentation import settings_texts as texts
from bot.presentation.language import speaking
from bot.storage import GuildSettings

if TYPE_CHECKING:
    from bot.client import MoodifyBot

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_PAGES = {
    Action.MODE: Page.LISTENING,
    Action.SHORTEST: Page.LISTENING,
    Action.CHANNEL: Page.CHANNELS,
    Action.CHANNEL_MODE: Page.CHANNELS,
    Action.REMOVE: Page.CHANNELS,
    Action.LANGUAGE: Page.ANSWERS,
    Action.ROLE: Page.ANSWERS,
    Action.LEADERBOARD: Page.ANSWERS,
    Action.LONGEST: Page.LIMITS,
    Action.PAUSE: Page.LIMITS,
}
"""Where the components stand."""


class PanelItem(
    discord.ui.DynamicItem[discord.ui.Item[discord.ui.View]],
    template=rf"{PREFIX}:(?P<action>[a-z-]+)(?::(?P<argument>\w+))?",
):
    """A button or a menu of the panel. Its id says all, so it works after a restart too.

    Parameters
    ----------
    item : Item
    """

    def __init__(self, item: discord.ui.Item[discord.ui.View]) -> None:
        super().__init__(item)
        match = self.template.fullmatch(self.custom_id)
        assert match is not None  # the base class has looked
        self._action = Action(match["action"])
        self._argument: str | None = match["argument"]

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Make the item that was used; discord.py calls this."""
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Change what was chosen, and show the panel anew; discord.py calls this."""
        data: Mapping[str, Any] = {**(interaction.data or {})}
        try:
            await _press(interaction, self._action, self._argument, data.get("values", []))
        except discord.HTTPException as error:
            log.warning("settings not shown", error=str(error))


class SettingsCog(commands.Cog):
    """Shows a server's settings to those who may change them.

    Parameters
    ----------
    bot : MoodifyBot
    """

    def __init__(self, bot: MoodifyBot) -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        """Make the panel work under messages of an earlier run."""
        self._bot.add_dynamic_items(PanelItem)

    async def cog_unload(self) -> None:
        """Stop serving the panel."""
        self._bot.remove_dynamic_items(PanelItem)

    @app_commands.command(name="settings", description=texts.SETTINGS_DESCRIPTION)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    async def settings(self, interaction: discord.Interaction[MoodifyBot]) -> None:
        """Show the panel."""
        await open_panel(interaction)


async def refused(interaction: discord.Interaction[MoodifyBot]) -> bool:
    """Tell somebody who may not manage the server so, and return whether that was needed.

    Asked at every press: what somebody may do can change while they look at the panel.
    """
    may = interaction.permissions
    if interaction.guild_id is not None and (may.manage_guild or may.administrator):
        return False
    with speaking(interaction.locale):
        await interaction.response.send_message(texts.managers_only(), ephemeral=True)
    return True


async def open_panel(interaction: discord.Interaction[MoodifyBot]) -> None:
    """Answer with the panel, which nobody else sees."""
    if await refused(interaction):
        return
    # The database may take longer than Discord waits.
    await interaction.response.defer(ephemeral=True, thinking=True)
    settings = await known(interaction)
    with speaking(interaction.locale):
        if settings is None:
            await interaction.edit_original_response(content=texts.not_known())
        else:
            await _show(interaction, settings, Page.LISTENING)


async def known(interaction: discord.Interaction[MoodifyBot]) -> GuildSettings | None:
    """Return the settings of a server, or None while they cannot be looked up."""
    guild_id = interaction.guild_id
    assert guild_id is not None  # only members who manage a server come here
    return await interaction.client.memory.attempt(
        lambda storage: storage.settings.of(guild_id), otherwise=None
    )


async def _press(
    interaction: discord.Interaction[MoodifyBot],
    action: Action,
    argument: str | None,
    values: list[str],
) -> None:
    if await refused(interaction):
        return
    assert interaction.guild_id is not None  # told by what was just asked
    await interaction.response.defer()
    written = change(interaction.guild_id, action, argument, values)
    page = Page(argument) if action is Action.SHOW and argument else _PAGES[action]
    saved = (
        await interaction.client.memory.attempt(written, otherwise=None)
        if written is not None
        else None
    )
    settings = saved or await known(interaction)
    lost = written is not None and saved is None
    if saved is not None:
        log.info("settings changed", guild=interaction.guild_id, what=action.value)
    with speaking(interaction.locale):
        notice = texts.not_saved() if lost else None
        if settings is None:
            await interaction.edit_original_response(content=notice or texts.not_known())
        else:
            await _show(interaction, settings, page, _channel(action, argument, values), notice)


def _channel(action: Action, argument: str | None, values: list[str]) -> int | None:
    """Return the channel whose mode is being set."""
    if action is Action.CHANNEL and values:
        return int(values[0])
    return int(argument) if action is Action.CHANNEL_MODE and argument else None


async def _show(
    interaction: discord.Interaction[MoodifyBot],
    settings: GuildSettings,
    page: Page,
    channel_id: int | None = None,
    notice: str | None = None,
) -> None:
    bot, guild = interaction.client, interaction.guild
    assert guild is not None  # only members who manage a server come here
    shown = [*settings.channels, *([] if channel_id is None else [channel_id])]
    channels = {each: guild.get_channel_or_thread(each) for each in shown}
    panel = Panel(
        settings=settings,
        limits=OperatorLimits(bot.settings.max_minutes, bot.settings.cooldown),
        sees_posts=bot.intents.message_content,
        page=page,
        chosen=channel_id,
        names={each: channel.name for each, channel in channels.items() if channel is not None},
        mute=frozenset(
            each
            for each, channel in channels.items()
            if channel is not None and not may_speak(channel)
        ),
        role_exists=guild.get_role(settings.role_id or 0) is not None,
    )
    view = discord.ui.View(timeout=None)
    for item in panel_items(panel):
        view.add_item(PanelItem(item))
    await interaction.edit_original_response(content=notice, embed=panel_embed(panel), view=view)


def may_speak(channel: discord.abc.GuildChannel | discord.Thread) -> bool:
    """Return whether the bot may send messages in a channel that it sees."""
    may = channel.permissions_for(channel.guild.me)
    return may.view_channel and may.send_messages
