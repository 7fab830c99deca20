"""Who watches over a running bot: metrics, health, and that neither tells of people."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bot.process import PATIENCE, ROOT, BotProcess, settings_for
from tests.bot.watching import Watch, free_port
from tests.bot.ways import MAX_FILE_MIB, Place, Way, bot_at, large, noise, place, tune
from tests.discord_double import Message

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def where() -> AsyncIterator[Place]:
    async with place() as town:
        yield town


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watch(where: Place, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watch]:
    """A watch over a bot with one worker."""
    port = free_port()
    settings = {"workers": 1, "metrics_port": port, "job_timeout": 8, "max_file_mib": 60}
    async with bot_at(where, tmp_path_factory.mktemp("bot"), **settings) as bot:
        await bot.logged("workers started")
        yield Watch(port)


async def health(watch: Watch) -> tuple[int, dict[str, bool]]:
    status, text = await watch.get("/healthz")
    return status, {name: part["well"] for name, part in json.loads(text)["parts"].items()}


async def test_a_bot_that_is_well_says_so(where: Place, watch: Watch) -> None:
    await where.double.wait_connected(PATIENCE)
    assert await health(watch) == (200, {"gateway": True, "workers": True, "database": True})
    assert await watch.get("/healthz/live") == (200, '{"live": true}')
    metrics = await watch.metrics()
    assert metrics.of("moodify_gateway_connected", shard="0") == 1
    assert metrics.of("moodify_guilds") == 1
    assert metrics.of("moodify_workers") == metrics.of("moodify_workers_wanted") == 1
    assert metrics.of("moodify_workers_memory_bytes") > 50e6
    assert metrics.of("process_resident_memory_bytes") > 50e6
    (info,) = metrics.labels("moodify_info")
    assert info["model"]


async def test_each_song_is_counted_and_its_stages_are_timed(where: Place, watch: Watch) -> None:
    before = await watch.metrics()
    assert (await where.asked(Way.SLASH, [tune(1)])).embeds
    await watch.until("moodify_request_seconds_count", _of(before, "moodify_request_seconds") + 1)
    after = await watch.metrics()
    for stage in ("wait", "download", "hear", "record", "answer"):
        count = after.of("moodify_stage_seconds_count", stage=stage)
        assert count == before.samples.get(_key("moodify_stage_seconds_count", stage), 0) + 1
    for name, labels in (
        ("moodify_songs_total", {"outcome": "Answered"}),
        ("moodify_answers_total", {"result": "sent"}),
        ("moodify_worker_jobs_total", {"result": "done"}),
    ):
        assert after.of(name, **labels) == before.of(name, **labels) + 1
    assert after.of("moodify_queue_songs", state="running") == 0


def _of(metrics, histogram: str) -> float:
    return metrics.of(f"{histogram}_count")


def _key(name: str, stage: str):
    return name, frozenset({("stage", stage)})


async def test_a_song_that_is_refused_is_counted_by_its_reason(where: Place, watch: Watch) -> None:
    before = await watch.metrics()
    await where.asked(Way.SLASH, [noise(0.2)])
    after = await watch.metrics()
    name, labels = "moodify_songs_total", {"outcome": "Unanalysable"}
    assert after.of(name, **labels) == before.of(name, **labels) + 1
