"""Discord's side of ``/settings``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.commands.settings._changes import change
from bot.commands.settings._choices import OperatorLimits
from bot.commands.settings._panel import (
    PREFIX,
    Action,
    Member,
    Page,
    Panel,
    panel_embed,
    panel_items,
)
from bot.commands.settings._zones import zone_named
from bot.insisting import DISCORD_ERRORS
from bot.links import MessageAddress, parse_link
from bot.presentation import settings_texts as texts
from bot.presentation.forms import Form
from bot.presentation.language import speaking
from bot.presentation.titles import inline_code, song_title
from bot.storage import AuditLine, Excluded, GuildSettings

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
    Action.LEADERBOARD: Page.BOARDS,
    Action.LONGEST: Page.LIMITS,
    Action.PAUSE: Page.LIMITS,
    Action.TIME_ZONE: Page.BOARDS,
    Action.DIGEST: Page.BOARDS,
    Action.MEMBER: Page.MODERATION,
    Action.EXCLUDE: Page.MODERATION,
    Action.READMIT: Page.MODERATION,
}
"""Where the components stand."""


@contextmanager
def shown_if_discord_lets() -> Iterator[None]:
    """Only log that Discord did not show what was to be shown: what is there stays in use."""
    try:
        yield
    except DISCORD_ERRORS as error:
        log.warning("settings not shown", error=repr(error))


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
        with shown_if_discord_lets():
            await _press(interaction, self._action, self._argument, data.get("values", []))


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
    if action in _FORMS:
        with speaking(interaction.locale):
            await interaction.response.send_modal(_FORMS[action](interaction.id))
        return
    await interaction.response.defer()
    await _carry_out(interaction, action, argument, values)


async def _carry_out(
    interaction: discord.Interaction[MoodifyBot],
    action: Action,
    argument: str | None,
    values: list[str],
) -> None:
    """Change what was chosen, and show the panel anew."""
    assert interaction.guild_id is not None  # only members who manage a server come here
    written = change(interaction.guild_id, action, argument, values, by=interaction.user.id)
    page = Page(argument) if action is Action.SHOW and argument else _PAGES[action]
    saved = (
        await interaction.client.memory.attempt(written, otherwise=None)
        if written is not None
        else None
    )
    lost = written is not None and saved is None
    if saved is not None:
        log.info("settings changed", guild=interaction.guild_id, what=action.value)
    with speaking(interaction.locale):
        await _show_again(
            interaction,
            saved,
            page,
            texts.not_saved() if lost else None,
            channel_id=_channel(action, argument, values),
            member_id=_member(action, argument, values),
        )


async def _show_again(
    interaction: discord.Interaction[MoodifyBot],
    settings: GuildSettings | None,
    page: Page,
    notice: str | None,
    *,
    channel_id: int | None = None,
    member_id: int | None = None,
) -> None:
    """Show a page of the panel with a notice above it."""
    settings = settings or await known(interaction)
    if settings is None:
        await interaction.edit_original_response(content=notice or texts.not_known())
    else:
        await _show(interaction, settings, page, channel_id, notice, member_id=member_id)


class ZoneForm(Form):
    """Asks for any time zone."""

    def __init__(self, opened_by: int) -> None:
        super().__init__(texts.zone_heading(), "settings-zone", opened_by)
        self._name: discord.ui.TextInput[Self] = discord.ui.TextInput(
            label=texts.zone_field(), custom_id="zone", max_length=64, placeholder="Europe/Berlin"
        )
        self.add_item(self._name)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Set the time zone; discord.py calls this."""
        with shown_if_discord_lets():
            if await refused(interaction):
                return
            await interaction.response.defer()
            name = zone_named(self._name.value)
            if name is not None:
                await _carry_out(interaction, Action.TIME_ZONE, None, [name])
                return
            with speaking(interaction.locale):
                notice = texts.zone_unknown(inline_code(song_title(self._name.value)))
                await _show_again(interaction, None, Page.BOARDS, notice)


class RemovalForm(Form):
    """Asks for the message whose songs are to be removed."""

    def __init__(self, opened_by: int) -> None:
        super().__init__(texts.removal_button(), "settings-removal", opened_by)
        self._link: discord.ui.TextInput[Self] = discord.ui.TextInput(
            label=texts.removal_field(), custom_id="link", max_length=200
        )
        self.add_item(self._link)

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Remove the songs; discord.py calls this."""
        with shown_if_discord_lets():
            if await refused(interaction):
                return
            await interaction.response.defer()
            with speaking(interaction.locale):
                notice = await _remove_songs(interaction, self._link.value)
                await _show_again(interaction, None, Page.MODERATION, notice)


_FORMS: Mapping[Action, Callable[[int], discord.ui.Modal]] = {
    Action.OTHER_ZONE: ZoneForm,
    Action.REMOVE_SONG: RemovalForm,
}


async def _remove_songs(interaction: discord.Interaction[MoodifyBot], link: str) -> str:
    """Remove the songs of a message, and return what came of it."""
    guild_id = interaction.guild_id
    assert guild_id is not None  # only members who manage a server come here
    address = parse_link(link)
    if not isinstance(address, MessageAddress) or address.guild_id != guild_id:
        return texts.not_a_message_here()
    count = await interaction.client.memory.attempt(
        lambda storage: storage.privacy.remove_message(
            guild_id, address.message_id, interaction.user.id
        ),
        otherwise=None,
    )
    if count is None:
        return texts.not_saved()
    log.info("songs removed by a moderator", guild=guild_id, records=count)
    return texts.removed(count) if count else texts.nothing_removed()


def _member(action: Action, argument: str | None, values: list[str]) -> int | None:
    """Return the member that something is to be done about."""
    if action is Action.MEMBER and values:
        return int(values[0])
    return int(argument) if action in (Action.EXCLUDE, Action.READMIT) and argument else None


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
    *,
    member_id: int | None = None,
) -> None:
    bot, guild = interaction.client, interaction.guild
    assert guild is not None  # only members who manage a server come here
    own = (channel_id, settings.digest_channel_id)
    shown = [*settings.channels, *(each for each in own if each is not None)]
    excluded, done = (
        await _moderation(interaction, guild.id) if page is Page.MODERATION else ((), ())
    )
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
        excluded=excluded,
        done=done,
        member=None if member_id is None else Member(member_id, _is_bot(interaction, member_id)),
    )
    view = discord.ui.View(timeout=None)
    for item in panel_items(panel):
        view.add_item(PanelItem(item))
    await interaction.edit_original_response(content=notice, embed=panel_embed(panel), view=view)


async def _moderation(
    interaction: discord.Interaction[MoodifyBot], guild_id: int
) -> tuple[tuple[Excluded, ...], tuple[AuditLine, ...]]:
    """Return who is kept off the boards, and what was done last."""
    memory = interaction.client.memory
    return (
        await memory.attempt(lambda storage: storage.privacy.excluded(guild_id), otherwise=()),
        await memory.attempt(lambda storage: storage.audit.lines(guild_id), otherwise=()),
    )


def _is_bot(interaction: discord.Interaction[MoodifyBot], user_id: int) -> bool:
    """Tell whether a member that was chosen is a bot."""
    data: Mapping[str, Any] = {**(interaction.data or {})}
    users = data.get("resolved", {}).get("users", {})
    return bool(users.get(str(user_id), {}).get("bot"))


def may_speak(channel: discord.abc.GuildChannel | discord.Thread) -> bool:
    """Return whether the bot may send messages in a channel that it sees."""
    may = channel.permissions_for(channel.guild.me)
    return may.view_channel and may.send_messages
