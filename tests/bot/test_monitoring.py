"""Who watches over a running bot: metrics, health, and that neither tells of people."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.presentation import texts
from tests.bot.process import PATIENCE, ROOT, halted_in_a_song, running_bot
from tests.bot.watching import Watch, free_port
from tests.bot.ways import Place, Way, bot_at, noise, place, tune
from tests.discord_double import DiscordDouble, Message

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.long]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def where() -> AsyncIterator[Place]:
    async with place() as town:
        yield town


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watch(where: Place, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watch]:
    """A watch over a bot with one worker."""
    port = free_port()
    settings = {"workers": 1, "metrics_port": port, "max_file_mib": 60, "max_minutes": 60}
    async with bot_at(where, tmp_path_factory.mktemp("bot"), **settings) as bot:
        await bot.logged("workers started")
        yield Watch(port)


async def health(watch: Watch) -> tuple[int, dict[str, bool]]:
    status, text = await watch.get("/healthz")
    return status, {name: part["well"] for name, part in json.loads(text)["parts"].items()}


async def test_a_bot_that_is_well_says_so(where: Place, watch: Watch) -> None:
    await watch.until("moodify_part_well", value=1, part="gateway")
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
    after = await watch.until("moodify_request_seconds_count", more_than=before)
    for stage in ("wait", "download", "hear", "record", "answer"):
        assert after.of("moodify_stage_seconds_count", stage=stage) == 1 + before.of(
            "moodify_stage_seconds_count", stage=stage
        )
    for name, labels in (
        ("moodify_songs_total", {"outcome": "Answered"}),
        ("moodify_answers_total", {"result": "sent"}),
        ("moodify_worker_jobs_total", {"result": "done"}),
    ):
        assert after.of(name, **labels) == before.of(name, **labels) + 1
    assert after.of("moodify_queue_songs", state="running") == 0


async def test_a_song_that_is_refused_is_counted_by_its_reason(where: Place, watch: Watch) -> None:
    before = await watch.metrics()
    assert not (await where.asked(Way.SLASH, [noise(0.2)])).embeds
    await watch.until("moodify_songs_total", more_than=before, outcome="Unanalysable")


async def test_songs_that_wait_are_seen(where: Place, watch: Watch) -> None:
    where.double.fail_download("*", bytes_per_second=40_000)
    asked = [await where.ask(Way.MENTION, [tune(seed)]) for seed in (2, 3)]
    await watch.until("moodify_queue_songs", value=1, state="waiting")
    for each in asked:
        assert isinstance(each, Message)
        await where.reply(each)
    await watch.until("moodify_queue_songs", value=0, state="waiting")


async def test_a_worker_that_dies_is_counted(where: Place, watch: Watch) -> None:
    before = await watch.metrics()
    asked = await halted_in_a_song(where.bot, where.ask(Way.MENTION, [noise(15 * 60)]))
    assert isinstance(asked, Message)
    for worker in where.bot.worker_pids():
        os.kill(worker, signal.SIGKILL)
    await watch.until("moodify_worker_jobs_total", more_than=before, result="died")
    await watch.until("moodify_songs_total", more_than=before, outcome="Crashed")
    await where.reply(asked)
    await watch.until("moodify_workers", value=1)


async def test_a_film_is_counted(where: Place, watch: Watch) -> None:
    before = await watch.metrics()
    answer = await where.asked(Way.SLASH, [tune(4)])
    click = await where.double.click(where.cy, answer, texts.film_button())
    await click.final(PATIENCE, when=lambda message: message.attachments)
    await watch.until("moodify_films_total", more_than=before, outcome="Filmed")
    await watch.until("moodify_stage_seconds_count", more_than=before, stage="film")
    await watch.until("moodify_films_open", value=0)


async def test_a_gateway_that_drops_is_seen_to_come_back(where: Place, watch: Watch) -> None:
    before = await watch.metrics()
    await where.double.drop_gateway()
    for event in ("disconnect", "resumed"):
        await watch.until("moodify_gateway_events_total", more_than=before, event=event)
    await watch.until("moodify_gateway_connected", value=1, shard="0")


async def test_a_database_that_is_away_is_named_until_it_is_back(
    where: Place, watch: Watch
) -> None:
    other = sqlite3.connect(where.bot.data / "moodify.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    before = await watch.metrics()
    assert (await where.asked(Way.SLASH, [tune(5)])).embeds
    assert await health(watch) == (503, {"gateway": True, "workers": True, "database": False})
    await watch.until("moodify_database_errors_total", more_than=before)
    assert (await watch.metrics()).of("moodify_kept_writes") > 0
    other.close()
    await watch.until("moodify_part_well", value=1, part="database")
    assert (await health(watch))[0] == 200


async def test_neither_tells_of_anybody(where: Place, watch: Watch) -> None:
    answer = await where.asked(Way.SLASH, [tune(6, name="My secret song.wav")])
    told = (await watch.get("/metrics"))[1] + (await watch.get("/healthz"))[1]
    people = (where.ann, where.bo, where.cy, where.mod)
    for secret in (
        where.double.token,
        "secret song",
        where.guild.name,
        *(each.name for each in people),
        *(str(each.id) for each in (*people, where.guild, answer.channel, answer)),
    ):
        assert not re.search(rf"\b{re.escape(secret)}\b", told), secret


async def ask_for_health(folder: Path, **environment: str) -> tuple[int, str]:
    """Return the exit code and the output of `moodify health`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moodify_core", "health"),
        cwd=folder,
        env=dict(os.environ) | {"PYTHONPATH": str(ROOT)} | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_the_command_tells_how_the_bot_is(watch: Watch, tmp_path: Path) -> None:
    code, output = await ask_for_health(tmp_path, MOODIFY_METRICS_PORT=str(watch.port))
    assert (code, output.count("✓")) == (0, 3)
    (tmp_path / ".env").write_text(f"MOODIFY_METRICS_PORT={watch.port}\n")
    assert await ask_for_health(tmp_path) == (code, output)
    code, output = await ask_for_health(tmp_path, MOODIFY_METRICS_PORT=str(free_port()))
    assert code == 1
    assert output.startswith("No bot answers at 127.0.0.1:")
    code, output = await ask_for_health(tmp_path, MOODIFY_METRICS_PORT="0")
    assert code == 1
    assert output.startswith("The bot tells nobody how it is")


async def test_a_bot_that_loses_discord_says_so_until_it_is_back(tmp_path: Path) -> None:
    watch = Watch(free_port())
    settings = {"metrics_port": watch.port, "tracebacks": True}
    async with DiscordDouble() as double, running_bot(double, tmp_path, **settings):
        await watch.until("moodify_part_well", value=1, part="workers")
        await double.close_gateway()
        await watch.until("moodify_part_well", value=0, part="gateway")
        status, told = await watch.get("/healthz")
        assert status == 503
        assert "Not connected to Discord: shard 0." in told
        assert (await watch.get("/healthz/live"))[0] == 200
        double.open_gateway()
        await watch.until("moodify_part_well", value=1, part="gateway")


async def test_a_port_that_is_taken_costs_no_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with place() as town, bot_at(town, tmp_path, metrics_port=port) as bot:
            await bot.logged("Metrics are not served")
            assert (await town.asked(Way.SLASH, [tune(7)])).embeds
