"""Fixtures: a stand-in with a server and a channel, and a real discord.py bot connected to it."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import yarl

from . import Channel, DiscordDouble, Guild, User

# discord.py 2.7 imports audioop, which Python 3.11 and 3.12 announce to be going.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

if TYPE_CHECKING:
    from .echo_bot import EchoBot


@pytest.fixture
async def double() -> AsyncIterator[DiscordDouble]:
    async with DiscordDouble() as double:
        yield double
    assert double.own_errors == []


@pytest.fixture
def ann(double: DiscordDouble) -> User:
    return double.add_user("Ann")


@pytest.fixture
def guild(double: DiscordDouble, ann: User) -> Guild:
    return double.add_guild("Music", owner=ann)


@pytest.fixture
def channel(double: DiscordDouble, guild: Guild) -> Channel:
    return double.add_channel(guild, "songs")


@pytest.fixture
async def bot(
    double: DiscordDouble, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[EchoBot]:
    from .echo_bot import EchoBot

    monkeypatch.setattr(Route, "BASE", double.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(double.gateway_url))
    async with EchoBot() as bot:
        running = asyncio.create_task(bot.start(double.token))
        await double.wait_command("mood")
        yield bot
        await bot.close()
        await running
