"""The bot in this process at the stand-in, for what its own commands never do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import discord
import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.client import MoodifyBot
from bot.config import Settings
from bot.outcomes import Failed
from bot.presentation import texts
from tests.discord_double import DiscordDouble

PATIENCE = 120.0


@pytest.mark.parametrize("deferred", [True, False])
async def test_a_command_that_fails_is_answered_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, deferred: bool
) -> None:
    async with DiscordDouble() as double:
        ann = double.add_user("Ann")
        channel = double.add_channel(double.add_guild("Music", owner=ann), "songs")
        monkeypatch.setattr(Route, "BASE", double.api_url)
        # The bot sets it to the stand-in's; this puts it back afterwards.
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
        settings = Settings(  # type: ignore[call-arg]
            DISCORD_TOKEN=double.token,
            discord_api=double.api_url,
            data_dir=tmp_path,
            _env_file=None,
        )
        async with MoodifyBot(settings) as bot:

            @bot.tree.command(name="broken", description="Fail.")
            async def broken(interaction: discord.Interaction) -> None:
                if deferred:
                    await interaction.response.defer(thinking=True)
                raise RuntimeError("nobody thought of it")

            running = asyncio.create_task(bot.start(double.token))
            await double.wait_command("broken", PATIENCE)
            exchange = await double.slash("broken", user=ann, channel=channel)
            message = await exchange.final(PATIENCE)
            await bot.close()
            await running
        assert message.content == texts.refusal(Failed(exchange.id))
        assert double.violations == []
