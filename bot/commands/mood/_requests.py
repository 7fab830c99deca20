"""From an interaction to what it asks for."""

from __future__ import annotations

import time

import discord

from bot.home_channels import home_channel_of, server_of
from bot.replies import LIFETIME
from bot.requests import AtInteraction, Post, Request, Song


def request_of(
    interaction: discord.Interaction, songs: tuple[Song, ...], post: Post | None, *, private: bool
) -> Request:
    """Return what an interaction asks for."""
    assert interaction.channel_id is not None  # commands are run in channels
    now = time.time()
    guild_id = server_of(interaction)
    return Request(
        id=interaction.id,
        user_id=interaction.user.id,
        guild_id=guild_id,
        channel_id=interaction.channel_id,
        songs=songs,
        place=AtInteraction(interaction.application_id, interaction.token, now + LIFETIME),
        post=post,
        locale=str(interaction.locale),
        private=private,
        received=now,
        home_channel_id=None if guild_id is None else home_channel_of(interaction.channel),
    )
