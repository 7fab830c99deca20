"""`moodify doctor`, run as operators run it: a process of its own, at the stand-in."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.config import Settings
from bot.doctor.findings import Level, broken, fine, is_well, line, notice
from bot.doctor.machine import (
    LITTLE_ROOM,
    cluster,
    data_folder,
    database,
    model,
    shards,
    system,
)
from bot.storage import Storage
from moodify_core.errors import ModelMissing
from tests.bot.cluster import running_cluster
from tests.bot.process import PATIENCE, ROOT, settings_for
from tests.discord_double import MESSAGE_CONTENT, DiscordDouble
from tests.discord_double.world import (
    ATTACH_FILES,
    BOT_PERMISSIONS,
    EMBED_LINKS,
    VIEW_CHANNEL,
)


@dataclass(frozen=True)
class Report:
    """What the doctor said."""

    exit_code: int
    output: str

    @property
    def checks(self) -> dict[str, dict[str, Any]]:
        return {check["check"]: check for check in json.loads(self.output)["checks"]}

    def level(self, check: str) -> str:
        return str(self.checks[check]["level"])


async def _doctor(
    double: DiscordDouble, folder: Path, *arguments: str, environment: dict[str, str] | None = None
) -> Report:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moodify_core", "doctor", *arguments),
        cwd=folder,
        env=settings_for(double, folder / "data") | (environment or {}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        output, errors = await process.communicate()
    assert errors == b"", errors.decode()
    text = output.decode()
    assert double.token not in text
    assert process.returncode is not None
    return Report(process.returncode, text)


def _names(folder: Path) -> list[str]:
    return os.listdir(folder)


def _settings(folder: Path, **more: Any) -> Settings:
    return Settings(DISCORD_TOKEN="x", data_dir=folder, _env_file=None, **more)  # type: ignore[call-arg]


# --- the whole -----------------------------------------------------------------------------------


async def test_a_sound_bot_is_told_so_line_by_line_and_nothing_is_touched(tmp_path: Path) -> None:
    double = DiscordDouble(privileged_intents=MESSAGE_CONTENT)
    ann = double.add_user("Ann")
    double.add_channel(double.add_guild("Music", owner=ann), "songs")
    async with double:
        report = await _doctor(double, tmp_path)
        assert report.exit_code == 0, report.output
        lines = report.output.splitlines()
        assert all(each.startswith("✓ ") for each in lines), report.output
        checks = [re.match(r"✓ (.*?): ", each)[1] for each in lines]  # type: ignore[index]
        assert checks == [
            "System",
            "Settings",
            "Model",
            "Data folder",
            "Database",
            "Workers",
            "Token",
            "Message Content intent",
            "Gateway",
            "Servers",
            f"Files at {double.host}",
        ]
        assert double.world.messages == {}
    assert _names(tmp_path) == []
    assert double.violations == []
    assert {method for method, _, _ in double.requests} == {"GET"}


async def test_what_does_not_work_is_said_with_what_to_do(tmp_path: Path) -> None:
    double = DiscordDouble()
    ann = double.add_user("Ann")
    guild = double.add_guild("Mu\x1b[31msic", owner=ann)
    double.add_channel(guild, "plain", bot_permissions=BOT_PERMISSIONS & ~EMBED_LINKS)
    for number in range(8):
        double.add_channel(guild, f"bare-{number}", bot_permissions=BOT_PERMISSIONS & ~ATTACH_FILES)
    hidden = double.add_guild("Hidden", owner=ann)
    double.add_channel(hidden, "secret", bot_permissions=BOT_PERMISSIONS & ~VIEW_CHANNEL)
    double.add_channel(double.add_guild("Fine", owner=ann), "songs")
    async with double:
        environment = {"MOODIFY_CDN_HOSTS": "127.0.0.1:1"}
        report = await _doctor(double, tmp_path, "--json", environment=environment)
        # The bot runs with all of this.
        assert report.exit_code == 0, report.output
        assert report.level("Message Content intent") == "notice"
        assert report.level("Files at 127.0.0.1:1") == "notice"
        lacking = report.checks["Server “Mu\x1b[31msic”"]["says"]
        assert "lacks Embed Links in #plain." in lacking
        assert "#bare-4 and 3 more." in lacking
        assert "no channel" in report.checks["Server “Hidden”"]["says"]
        assert report.checks["Servers"]["says"].startswith("In 1 server ")
        assert all(
            bool(check["advice"]) == (check["level"] != "fine") for check in report.checks.values()
        )
    assert double.violations == []


async def test_a_wrong_token_is_found_and_never_shown(tmp_path: Path) -> None:
    async with DiscordDouble() as double:
        secret = "a-token-that-must-stay-secret"
        environment = {
            "DISCORD_TOKEN": secret,
            "MOODIFY_DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/moodify",
        }
        report = await _doctor(double, tmp_path, "--json", environment=environment)
    assert report.exit_code == 1
    assert report.level("Token") == "broken"
    assert report.level("Database") == "broken"
    assert secret not in report.output
    assert "hunter2" not in report.output
    assert "Gateway" not in report.checks


async def test_without_settings_it_says_what_is_missing(tmp_path: Path) -> None:
    async with DiscordDouble() as double:
        report = await _doctor(double, tmp_path, environment={"DISCORD_TOKEN": ""})
    assert report.exit_code == 1
    assert "✗ Settings: DISCORD_TOKEN is not set" in report.output


async def test_discord_out_of_reach_is_found(tmp_path: Path) -> None:
    async with DiscordDouble() as double:
        environment = {"MOODIFY_DISCORD_API": "http://127.0.0.1:1/api/v10"}
        report = await _doctor(double, tmp_path, "--json", environment=environment)
    assert report.exit_code == 1
    assert "cannot be reached" in report.checks["Token"]["says"]


async def test_workers_that_may_not_have_their_memory_are_found(tmp_path: Path) -> None:
    found = await _in_little_memory(_settings(tmp_path, worker_memory_mib=64 * 1024))
    assert found["level"] == "broken"
    assert "MOODIFY_WORKER_MEMORY_MIB" in found["advice"]


async def _in_little_memory(settings: Settings) -> dict[str, Any]:
    """Look at the workers in a process that may have less memory than a worker is to have."""
    script = (
        "import asyncio, dataclasses, json, resource, sys\n"
        "from bot.config import Settings\n"
        "from bot.doctor.machine import workers\n"
        "if __name__ == '__main__':\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (32 << 30, 32 << 30))\n"
        "    settings = Settings(DISCORD_TOKEN='x', data_dir=sys.argv[1], _env_file=None,\n"
        "        worker_memory_mib=int(sys.argv[2]))\n"
        "    print(json.dumps(dataclasses.asdict(asyncio.run(workers(settings)))))\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, settings.data_dir, str(settings.worker_memory_mib)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


async def test_a_gateway_that_is_away_is_found(tmp_path: Path) -> None:
    async with DiscordDouble() as double:
        double.fail("GET", "/gateway/bot", status=403, times=99)
        report = await _doctor(double, tmp_path, "--json")
    assert report.level("Token") == "fine"
    assert report.level("Gateway") == "broken"
    assert report.exit_code == 1


async def test_a_bot_in_no_server_is_told_how_to_be_invited(tmp_path: Path) -> None:
    async with DiscordDouble() as double:
        report = await _doctor(double, tmp_path, "--json")
        assert f"client_id={double.world.application_id}" in report.checks["Servers"]["advice"]
    assert report.exit_code == 0


# --- single findings -----------------------------------------------------------------------------


def test_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert data_folder(tmp_path).level is Level.FINE
    assert data_folder(tmp_path / "new" / "er").level is Level.FINE
    assert not (tmp_path / "new").exists()
    file = tmp_path / "file"
    file.touch()
    assert data_folder(file).level is Level.BROKEN
    assert data_folder(file / "below").level is Level.BROKEN
    if os.geteuid():
        tmp_path.chmod(0o500)
        assert data_folder(tmp_path).level is Level.BROKEN
        tmp_path.chmod(0o700)
    full = shutil.disk_usage(tmp_path)._replace(free=LITTLE_ROOM - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    assert data_folder(tmp_path).level is Level.NOTICE


async def test_the_database(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    assert (await database(settings)).level is Level.FINE
    file = tmp_path / "moodify.db"
    assert not file.exists()
    storage = await Storage.open(settings.database)
    await storage.close()
    found = await database(settings)
    assert found.level is Level.FINE
    assert "up to date" in found.says
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        found = await database(settings)
        assert found.level is Level.BROKEN
        assert "newer" in found.says
        connection.execute("BEGIN EXCLUSIVE")
        assert (await database(settings)).level is Level.BROKEN
        connection.execute("ROLLBACK")
    file.write_bytes(b"not a database" * 100)
    assert (await database(settings)).level is Level.BROKEN


async def test_a_missing_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModelMissing("/the/place")

    monkeypatch.setattr("bot.engine.prepare", missing)
    found = await model()
    assert found.level is Level.BROKEN
    assert "/the/place" in found.says


async def test_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_cluster(tmp_path, workers=1) as running:
        settings = _settings(tmp_path, dask_scheduler=running.address)
        found = await cluster(settings)
        assert (found.level, "1 song " in found.says) == (Level.FINE, True)
        monkeypatch.setattr("bot.doctor.machine.LOOPBACK", frozenset())
        found = await cluster(settings)
        assert found.level is Level.NOTICE
        assert "not encrypted" in found.says
        await asyncio.to_thread(running.workers[0].stop)
        assert "no workers" in (await cluster(settings)).says
    monkeypatch.setattr("bot.engine.dask.CONNECT_LIMIT", 0.5)
    assert (await cluster(settings)).level is Level.BROKEN


def test_shards(tmp_path: Path) -> None:
    assert "all servers" in shards(_settings(tmp_path, shard_count=4)).says
    some = _settings(
        tmp_path, shard_count=4, shard_ids=(0, 1), database_url="postgresql://me@here/songs"
    )
    assert "0, 1 of 4" in shards(some).says


def test_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert system().level is Level.FINE
    monkeypatch.setattr(sys, "platform", "win32")
    assert system().level is Level.BROKEN


def test_only_what_is_broken_makes_a_bot_unwell() -> None:
    assert is_well([fine("A", "b."), notice("C", "d.", "E.")])
    assert not is_well([fine("A", "b."), broken("C", "d.", "E.")])
    assert line(broken("C", "d.", "E.")) == "✗ C: d. E."
    assert "\x1b" not in line(fine("A", "\x1b[31m"))
