"""Whose eyes a song's title is for, by where it was shown."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.home_channels import home_channel_of

GUILD, CHANNEL, THREAD = 1, 41, 42


@pytest.fixture
def guild() -> discord.Guild:
    """A server as Discord describes it, with a channel of each kind that songs are posted in."""
    client = discord.Client(intents=discord.Intents.none())
    kinds = (
        discord.ChannelType.text,
        discord.ChannelType.voice,
        discord.ChannelType.stage_voice,
        discord.ChannelType.news,
        discord.ChannelType.forum,
    )
    channels = [
        {"id": str(CHANNEL + 100 * number), "type": kind.value, "name": "songs", "position": 0}
        | {"permission_overwrites": [], "bitrate": 64000, "user_limit": 0, "available_tags": []}
        for number, kind in enumerate(kinds)
    ]
    data: Any = {"id": str(GUILD), "name": "Music", "channels": channels, "roles": []}
    return discord.Guild(data=data, state=client._connection)


def _thread(guild: discord.Guild, kind: discord.ChannelType) -> discord.Thread:
    data: Any = {
        **{"id": str(THREAD), "parent_id": str(CHANNEL), "owner_id": "5", "name": "a thread"},
        **{"type": kind.value, "message_count": 1, "member_count": 1},
        "thread_metadata": {
            **{"archived": False, "auto_archive_duration": 60, "locked": False},
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
        },
    }
    return discord.Thread(guild=guild, state=guild._state, data=data)


def test_a_channel_is_its_own_home(guild: discord.Guild) -> None:
    assert len(guild.channels) == 5
    for channel in guild.channels:
        assert home_channel_of(channel) == channel.id


@pytest.mark.parametrize(
    ("kind", "home"),
    [
        (discord.ChannelType.public_thread, CHANNEL),
        (discord.ChannelType.news_thread, CHANNEL),
        (discord.ChannelType.private_thread, None),
    ],
)
def test_a_thread_is_at_home_in_its_channel_unless_it_is_private(
    guild: discord.Guild, kind: discord.ChannelType, home: int | None
) -> None:
    assert home_channel_of(_thread(guild, kind)) == home


def test_what_is_not_in_a_server_has_no_home(guild: discord.Guild) -> None:
    me: Any = object()
    data: Any = {"id": "7", "type": discord.ChannelType.private.value, "recipients": []}
    assert home_channel_of(discord.DMChannel(me=me, state=guild._state, data=data)) is None
    assert home_channel_of(None) is None
