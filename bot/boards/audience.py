"""Whose eyes an answer is for, and so from which channels it may name songs."""

from __future__ import annotations

from typing import Any

import discord

from bot.home_channels import home_channel_of


def channels_of_all(guild: discord.Guild, channel: object) -> frozenset[int]:
    """Return the channels that everybody sees who sees an answer in a channel.

    Parameters
    ----------
    guild : discord.Guild
    channel : object
        Where the answer is shown, as discord.py has it.

    Returns
    -------
    frozenset of int
        Those that the role of everybody may read, and the channel itself.
    """
    return _readable(guild, guild.default_role) | _here(channel)


def channels_of_one(
    guild: discord.Guild, member: discord.Member, channel: object
) -> frozenset[int]:
    """Return the channels that a member can read."""
    return _readable(guild, member) | _here(channel)


def audience(interaction: discord.Interaction[Any], *, private: bool) -> frozenset[int]:
    """Return the channels whose songs an answer to an interaction may name.

    Parameters
    ----------
    interaction : discord.Interaction
        In a server that the bot is in.
    private : bool
        Whether only who asks sees the answer.
    """
    guild, member = interaction.guild, interaction.user
    assert guild is not None  # boards are of servers
    if private and isinstance(member, discord.Member):
        return channels_of_one(guild, member, interaction.channel)
    return channels_of_all(guild, interaction.channel)


def _readable(guild: discord.Guild, who: discord.Role | discord.Member) -> frozenset[int]:
    return frozenset(
        channel.id
        for channel in guild.channels
        if (may := channel.permissions_for(who)).view_channel and may.read_message_history
    )


def _here(channel: object) -> frozenset[int]:
    if isinstance(channel, discord.Thread):
        # Who sees a thread sees its parent, a private one, too.
        return frozenset({channel.parent_id})
    home = home_channel_of(channel)
    return frozenset() if home is None else frozenset({home})
