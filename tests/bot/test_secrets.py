"""No secret in what a run leaves: its log, its files, its workers, what the doctor says."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.bot.process import PATIENCE, BotProcess, has_begun, settings_for
from tests.bot.ways import Place, Way, bot_at, noise, place, tune
from tests.discord_double import Exchange, File, Message

PASSWORD = "a-word-that-nobody-may-read"
LONG = 50 * 60.0
"""Seconds of a song that is still heard when its worker is killed."""


@pytest.mark.skipif(sys.platform != "linux", reason="workers are found and looked into by /proc")
@pytest.mark.parametrize(("style", "database_away"), [("console", False), ("json", True)])
async def test_nothing_that_a_run_leaves_holds_a_secret(
    tmp_path: Path, style: str, database_away: bool
) -> None:
    settings: dict[str, object] = {
        "log_format": style,
        "workers": 1,
        "max_minutes": 100,
        "max_file_mib": 60,
    }
    if database_away:
        # What drivers say of a connection that fails quotes its address.
        settings["database_url"] = f"postgresql://moodify:{PASSWORD}@127.0.0.1:{_unused()}/moods"
    async with place() as town:
        async with bot_at(town, tmp_path, **settings) as bot:
            await bot.logged("workers started")
            exchanges = await _everything_that_can_happen(town, bot)
            seen = _what_processes_show(bot)
        doctor = await _doctor(town, tmp_path, settings)
        secrets = [town.double.token, *(exchange.token for exchange in exchanges)]
        addresses = [each.url for each in town.double.world.attachments.values()]
    secrets += [PASSWORD] if database_away else []
    secrets += [address.partition("?")[2] for address in addresses]
    assert len(exchanges) == 4
    assert len(addresses) >= 5
    assert all(len(secret) > 10 for secret in secrets)

    left = _files(tmp_path)
    assert tmp_path / "log" in left
    assert "worker died" in bot.output()
    for secret in secrets:
        assert secret not in doctor
        assert [name for name, shown in seen.items() if secret.encode() in shown] == []
        assert [path for path, data in left.items() if secret.encode() in data] == []
    assert not [path for path in left if path.name.startswith("core")]


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def _everything_that_can_happen(town: Place, bot: BotProcess) -> list[Exchange]:
    """Let songs be answered, refused, not found, and lose their worker."""
    exchanges = []
    for file in (tune(1), File("song.mp3", b"no song" * 1000)):
        exchanges.append(await _asked(town, file))
        await town.last_word(exchanges[-1])
    town.double.fail_download("*", status=404)
    exchanges.append(await _asked(town, tune(2, name="gone.wav")))
    await town.last_word(exchanges[-1])
    exchanges.append(await _asked(town, noise(LONG)))
    await _at_work(bot)
    for worker in bot.worker_pids():
        os.kill(worker, signal.SIGKILL)
    await town.last_word(exchanges[-1])
    posted = await town.ask(Way.MENTION, [tune(3)])
    assert isinstance(posted, Message)
    await town.reply(posted)
    return exchanges


async def _asked(town: Place, file: File) -> Exchange:
    exchange = await town.ask(Way.SLASH, [file])
    assert isinstance(exchange, Exchange)
    return exchange


async def _at_work(bot: BotProcess) -> None:
    """Wait until a worker is in the middle of a song."""
    async with asyncio.timeout(PATIENCE):
        while not any(map(has_begun, bot.worker_pids())):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)


def _what_processes_show(bot: BotProcess) -> dict[str, bytes]:
    """Return the environment and the command of the workers, and the command of the bot."""
    workers = bot.worker_pids()
    assert workers
    places = [f"/proc/{pid}/{name}" for pid in workers for name in ("environ", "cmdline")]
    places.append(f"/proc/{bot.process.pid}/cmdline")
    return {place: Path(place).read_bytes() for place in places}


async def _doctor(town: Place, folder: Path, settings: dict[str, object]) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moodify_core", "doctor"),
        cwd=folder,
        env=settings_for(town.double, folder / "data", **settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert b"Token" in output
    return output.decode()


def _unused() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
