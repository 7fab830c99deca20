"""The bot in this process at the stand-in, for what its own commands never do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import pytest
import structlog
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.client import MoodifyBot
from bot.config import Settings
from bot.outcomes import Failed
from bot.presentation import texts
from moodify_core.errors import ModelMissing
from tests.discord_double import DiscordDouble

PATIENCE = 120.0


def no_model() -> None:
    raise ModelMissing("/the/place")


def _critical(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [line for line in lines if line["log_level"] == "critical"]


@asynccontextmanager
async def bot_at(
    double: DiscordDouble, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MoodifyBot]:
    monkeypatch.setattr(Route, "BASE", double.api_url)
    # The bot sets it to the stand-in's; this puts it back afterwards.
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    settings = Settings(  # type: ignore[call-arg]
        DISCORD_TOKEN=double.token,
        discord_api=double.api_url,
        data_dir=folder,
        _env_file=None,
    )
    async with MoodifyBot(settings) as bot:
        yield bot


@pytest.mark.parametrize("deferred", [True, False])
@pytest.mark.parametrize("fault", [None, {"status": 502, "after": True}, {"reset": True}], ids=str)
async def test_a_command_that_fails_is_answered_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, deferred: bool, fault: dict[str, Any] | None
) -> None:
    patient = DiscordDouble(respond_within=PATIENCE)
    async with patient as double, bot_at(double, tmp_path, monkeypatch) as bot:
        ann = double.add_user("Ann")
        channel = double.add_channel(double.add_guild("Music", owner=ann), "songs")
        if fault is not None:
            double.fail("POST", "/interactions/*/callback", **fault)

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


async def test_a_missing_model_is_one_sentence_at_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bot.engine.choice.prepare", no_model)
    with structlog.testing.capture_logs() as lines:
        async with DiscordDouble() as double, bot_at(double, tmp_path, monkeypatch) as bot:
            running = asyncio.create_task(bot.start(double.token))
            await double.wait_command("mood", PATIENCE)
            async with asyncio.timeout(PATIENCE):
                # A log has no event to wait for.
                while not (told := _critical(lines)):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await bot.close()
            await running
    assert [line["event"] for line in told] == [
        f"No song can be heard. {ModelMissing('/the/place')}"
    ]
