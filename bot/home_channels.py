"""Where somebody asks: whose eyes a song's title is for, and whose settings hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

if TYPE_CHECKING:
    from bot.client import MoodifyBot


def home_channel_of(channel: object) -> int | None:
    """Return the channel whose permissions decide who may see what is shown in a channel.

    Parameters
    ----------
    channel : object
        Where something is shown, as discord.py has it.

    Returns
    -------
    int or None
        The channel itself, or the parent of a public thread. None for private threads, which have
        members of their own, and outside of servers.
    """
    if isinstance(channel, discord.Thread):
        return None if channel.is_private() else channel.parent_id
    return channel.id if isinstance(channel, discord.abc.GuildChannel) else None


def server_of(interaction: discord.Interaction) -> int | None:
    """Return the server that has added the bot; None where only a person has."""
    return interaction.guild_id if interaction.is_guild_integration() else None


async def language_at(interaction: discord.Interaction[MoodifyBot]) -> str | discord.Locale:
    """Return the language to answer in: the one that the server has chosen, or the asker's own."""
    settings = await interaction.client.memory.settings(server_of(interaction))
    return settings.language or interaction.locale
