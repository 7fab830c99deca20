"""Who may do what with an answer."""

from __future__ import annotations

from typing import Any

import discord

from bot.storage import Recorded


def may_open(interaction: discord.Interaction[Any], record: Recorded) -> bool:
    """Tell whether whoever clicks may see the record of an answer.

    Parameters
    ----------
    interaction : discord.Interaction
    record : Recorded

    Returns
    -------
    bool
        A private one: only who asked for it. Else who clicks in the server, and sees the channel
        where it was answered; outside of servers that the bot is in: in that channel.
    """
    if record.private:
        return record.user_id == interaction.user.id
    if record.guild_id is None:
        return record.channel_id == interaction.channel_id
    return record.guild_id == interaction.guild_id and sees(interaction, record.channel_id)


def sees(interaction: discord.Interaction[Any], channel_id: int) -> bool:
    """Tell whether whoever clicks can read a channel of the server where they do.

    One that the bot does not know, and a private thread, counts as one that they cannot.
    """
    if channel_id == interaction.channel_id:
        return True
    member, guild = interaction.user, interaction.guild
    channel = guild.get_channel_or_thread(channel_id) if guild is not None else None
    if channel is None or not isinstance(member, discord.Member):
        return False
    if isinstance(channel, discord.Thread) and channel.is_private():
        return False
    may = channel.permissions_for(member)
    return may.view_channel and may.read_message_history


def answers_for(interaction: discord.Interaction[Any], asker_id: int) -> bool:
    """Tell whether whoever clicks asked for something, or moderates where it is shown."""
    may = interaction.permissions
    moderates = interaction.guild_id is not None and (may.administrator or may.manage_messages)
    return moderates or interaction.user.id == asker_id
