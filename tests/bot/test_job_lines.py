"""One id goes through all lines that the log has of a song, whatever happens to it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.presentation import texts
from tests.bot.process import PATIENCE, halted_in_a_song, is_answer, started_bot
from tests.bot.ways import Place, Way, bot_at, noise, place, tune
from tests.discord_double import Message

pytestmark = pytest.mark.long

SLOW = 40_000
"""Bytes per second at which a tune takes so long that something can happen meanwhile."""
OF_NO_SONG = ("discord.gateway", "discord.client", "discord.state", "asyncio", "bot.client")
"""What tells of the connection, of the loop and of the start, which all songs share."""


async def test_one_id_goes_through_all_lines_of_a_song(tmp_path: Path) -> None:
    settings = {"workers": 1, "max_file_mib": 60, "max_minutes": 60, "log_format": "json"}
    async with place() as town:
        async with bot_at(town, tmp_path, **settings) as bot:
            await bot.logged('"workers started"')
            await bot.logged('"ready"')
            jobs = [
                await _answered_with_difficulty(town),
                await _killed(town),
                await _filmed(town),
                await _cancelled(town),
                await _refused(town),
            ]
            await bot.logged('"job over"', times=len(jobs))
            await bot.logged('"film done"')
        first = _lines(bot.output())
        async with started_bot(town.double, tmp_path, **settings) as bot:
            asked = await _left_behind(town)
            bot.process.kill()
            await bot.process.wait()
        async with started_bot(town.double, tmp_path, **settings) as bot:
            await town.reply(asked)
            await bot.logged('"job resumed"')
            await bot.logged('"job over"', times=len(jobs) + 1)
            assert await bot.stop() == 0
        # Python itself writes what a process leaves that is killed.
        written = [line for line in bot.output().splitlines() if line.startswith("{")]
        again = _lines("\n".join(written))[len(first) :]
    _check_that_all_have_a_job(first)
    _check_that_all_have_a_job(again, first="job resumed")
    for job, events in jobs:
        said = [line["event"] for line in first if line.get("job") == job]
        for event in events:
            assert any(event in each for each in said), (event, said)
    resumed = [line["event"] for line in again if line.get("job") == asked.id]
    assert [each for each in resumed if each.startswith(("job", "song"))] == [
        "job accepted",
        "job resumed",
        "song done",
        "job over",
    ]


async def _answered_with_difficulty(town: Place) -> tuple[str, Sequence[str]]:
    town.double.fail_download("*", status=500)
    town.double.fail("PATCH", "/webhooks/*/messages/@original", status=503)
    exchange = await town.ask(Way.SLASH, [tune(1)])
    assert not isinstance(exchange, Message)
    await town.last_word(exchange)
    return exchange.id, ("job accepted", "download failed", "song done", "503", "job over")


async def _killed(town: Place) -> tuple[str, Sequence[str]]:
    asked = await halted_in_a_song(town.bot, town.ask(Way.MENTION, [noise(15 * 60)]))
    assert isinstance(asked, Message)
    for worker in town.bot.worker_pids():
        os.kill(worker, signal.SIGKILL)
    await town.reply(asked)
    return asked.id, ("worker died", "engine failed", "song done", "job over")


async def _filmed(town: Place) -> tuple[str, Sequence[str]]:
    answer = await town.asked(Way.SLASH, [tune(2)])
    click = await town.double.click(town.cy, answer, texts.film_button())
    await click.final(PATIENCE, when=lambda message: message.attachments)
    return click.id, ("film accepted", "film done")


async def _cancelled(town: Place) -> tuple[str, Sequence[str]]:
    town.double.fail_download("*", bytes_per_second=SLOW)
    asked = await town.ask(Way.MENTION, [tune(3)])
    assert isinstance(asked, Message)
    shown = await town.double.wait_message(
        asked.channel, PATIENCE, after=asked, when=lambda each: not is_answer(each)
    )
    await town.double.click(town.cy, shown, texts.cancel_button())
    await town.reply(asked)
    return asked.id, ("request cancelled", "song done", "job over")


async def _refused(town: Place) -> tuple[str, Sequence[str]]:
    asked = await town.ask(Way.DIRECT, [noise(0.2)])
    assert isinstance(asked, Message)
    await town.reply(asked)
    return asked.id, ("not analysable", "song done", "job over")


async def _left_behind(town: Place) -> Message:
    town.double.fail_download("*", bytes_per_second=SLOW)
    asked = await town.ask(Way.MENTION, [tune(4)])
    assert isinstance(asked, Message)
    await town.double.wait_message(asked.channel, PATIENCE, after=asked)
    return asked


def _lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def _check_that_all_have_a_job(
    lines: Sequence[dict[str, Any]], *, first: str = "job accepted"
) -> None:
    """Check the lines from one event to the end of the last job."""
    events = [line["event"] for line in lines]
    end = len(events) - events[::-1].index("job over")
    strangers = [
        line
        for line in lines[events.index(first) : end]
        if "job" not in line and not line["logger"].startswith(OF_NO_SONG)
    ]
    assert strangers == []
